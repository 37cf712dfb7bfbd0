# GCL. Paper: CIFAR-10-LT IF 200 79.03 top-1.
#   python tools/train_stages.py configs/gcl/cifar10_lt_if200_stage1.py configs/gcl/cifar10_lt_if200.py
_base_ = './cifar10_lt_if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
