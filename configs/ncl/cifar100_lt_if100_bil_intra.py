# Table 7: BIL + IntraCL, no hard categories, one expert. Paper: 53.94 top-1.
_base_ = './cifar100_lt_if100.py'

model = dict(num_branches=1, head=dict(loss=dict(hard=None, inter=None, intra=dict(hard_ratio=0))))
