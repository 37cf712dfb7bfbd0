# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 50 74.81 top-1.
_base_ = './cifar10_lt_if100_ce.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
