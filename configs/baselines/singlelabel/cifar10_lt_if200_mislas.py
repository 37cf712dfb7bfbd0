# MiSLAS, with its setting for IF 100. Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 200 77.31 top-1.
_base_ = './cifar10_lt_if100_mislas.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
