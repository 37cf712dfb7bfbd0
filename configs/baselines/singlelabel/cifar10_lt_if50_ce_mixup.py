# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 50 79.48 top-1.
_base_ = './cifar10_lt_if100_ce_mixup.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
