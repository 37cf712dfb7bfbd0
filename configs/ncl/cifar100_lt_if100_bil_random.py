# Fig. 6 (b): BIL + random categories in place of hard ones, one expert, one copy.
_base_ = './cifar100_lt_if100_bil_hard.py'

model = dict(head=dict(loss=dict(hard=dict(ranking='random'))))
