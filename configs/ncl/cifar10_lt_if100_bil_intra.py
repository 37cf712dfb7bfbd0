# BIL + IntraCL, no hard categories, one expert, as in Table 7, on CIFAR-10-LT; not in the paper.
_base_ = './cifar10_lt_if100.py'

model = dict(num_branches=1, head=dict(loss=dict(hard=None, inter=None, intra=dict(hard_ratio=0))))
