# Cosine clouds, stage 1.
_base_ = './cifar10_lt_if100_stage1.py'

model = dict(head=dict(loss=dict(cloud='cos')))
