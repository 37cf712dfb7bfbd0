# Power clouds, exponent 1/4. Paper (Table 3): 82.31 top-1.
_base_ = './cifar10_lt_if100.py'

model = dict(head=dict(loss=dict(cloud='power', power=1 / 4)))
