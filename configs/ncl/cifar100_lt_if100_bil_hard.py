# Table 7: BIL + NFL_hard, one expert, one copy. Paper: 51.24 top-1.
_base_ = './cifar100_lt_if100.py'

data_preprocessor = dict(num_views=1)
model = dict(num_branches=1, head=dict(loss=dict(inter=None, intra=None)))
