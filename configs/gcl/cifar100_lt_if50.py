# GCL. Paper: CIFAR-100-LT IF 50 53.55 top-1.
#   python tools/train_stages.py configs/gcl/cifar100_lt_if50_stage1.py configs/gcl/cifar100_lt_if50.py
_base_ = './cifar100_lt_if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
