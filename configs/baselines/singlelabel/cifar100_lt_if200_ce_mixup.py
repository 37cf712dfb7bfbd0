# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 200 35.84 top-1.
_base_ = './cifar100_lt_if100_ce_mixup.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
