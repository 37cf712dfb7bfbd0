# Cosine clouds. Paper (Table 3): 79.21 top-1.
_base_ = './cifar10_lt_if100.py'

model = dict(head=dict(loss=dict(cloud='cos')))
