# NCL++. Paper: CIFAR-10-LT IF 50 88.0 / 88.8 top-1, one expert / ensemble.
_base_ = './cifar10_lt_if100.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
