# 4 experts, four copies.
_base_ = './cifar100_lt_if100.py'

model = dict(num_branches=4)
