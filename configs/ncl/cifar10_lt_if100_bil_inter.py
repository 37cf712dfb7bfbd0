# BIL + InterCL, no hard categories, one copy, as in Table 7, on CIFAR-10-LT; not in the paper.
_base_ = './cifar10_lt_if100.py'

data_preprocessor = dict(num_views=1)
model = dict(head=dict(loss=dict(hard=None, inter=dict(hard_ratio=0), intra=None)))
