# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 200 37.21 top-1.
_base_ = './cifar100_lt_if100_bbn.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=200)))
