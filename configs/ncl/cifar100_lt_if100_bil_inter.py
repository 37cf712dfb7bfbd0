# Table 7: BIL + InterCL, no hard categories, one copy. Paper: 53.13 top-1 of one expert.
_base_ = './cifar100_lt_if100.py'

data_preprocessor = dict(num_views=1)
model = dict(head=dict(loss=dict(hard=None, inter=dict(hard_ratio=0), intra=None)))
