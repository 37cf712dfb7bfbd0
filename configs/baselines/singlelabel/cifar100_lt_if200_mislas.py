# MiSLAS, with its setting for IF 100. Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 200 42.33 top-1.
_base_ = './cifar100_lt_if100_mislas.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
