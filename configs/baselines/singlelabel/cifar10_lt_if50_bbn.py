# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 50 81.18 top-1.
_base_ = './cifar10_lt_if100_bbn.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
