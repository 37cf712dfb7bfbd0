# Fig. 5 (a): BIL + NFL_hard with 0.1 of the classes as hard categories.
_base_ = './cifar100_lt_if100_bil_hard.py'

model = dict(head=dict(loss=dict(hard=dict(ratio=0.1))))
