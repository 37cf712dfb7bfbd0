# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 50 47.62 top-1.
_base_ = './cifar100_lt_if100_ldam_drw.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
