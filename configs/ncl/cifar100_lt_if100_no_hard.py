# Table 7: all but the hard categories. Paper: 54.36 top-1 of one expert.
_base_ = './cifar100_lt_if100.py'

model = dict(head=dict(loss=dict(hard=None, inter=dict(hard_ratio=0), intra=dict(hard_ratio=0))))
