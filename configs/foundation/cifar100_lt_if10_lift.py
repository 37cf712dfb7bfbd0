# LIFT on CIFAR-100-LT, imbalance factor 10. Paper: 84.9 top-1.
_base_ = './cifar100_lt_if100_lift.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
