# Table 6: the weights of InterCL and IntraCL are learned and add up to 1. Paper: 54.5 top-1 of one expert.
_base_ = './cifar100_lt_if100.py'

model = dict(head=dict(loss=dict(learnable_weights=True)))
