# One expert, four copies.
_base_ = './cifar100_lt_if100.py'

model = dict(num_experts=1, head=dict(num_experts=1))
