# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 200 65.68 top-1.
_base_ = './cifar10_lt_if100_ce.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
