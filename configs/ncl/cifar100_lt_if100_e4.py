# 4 experts, four copies.
_base_ = './cifar100_lt_if100.py'

model = dict(num_experts=4, head=dict(num_experts=4))
