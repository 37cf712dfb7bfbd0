# Power clouds, exponent 1/4, stage 1.
_base_ = './cifar10_lt_if100_stage1.py'

model = dict(head=dict(loss=dict(cloud='power', power=1 / 4)))
