# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 200 73.47 top-1.
_base_ = './cifar10_lt_if100_bbn.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=200)))
