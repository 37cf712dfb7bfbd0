# GCL. Paper: CIFAR-100-LT IF 200 44.88 top-1.
#   python tools/train_stages.py configs/gcl/cifar100_lt_if200_stage1.py configs/gcl/cifar100_lt_if200.py
_base_ = './cifar100_lt_if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
