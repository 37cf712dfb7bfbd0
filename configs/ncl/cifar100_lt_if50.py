# NCL++. Paper: CIFAR-100-LT IF 50 58.2 / 59.8 top-1, one expert / ensemble.
_base_ = './cifar100_lt_if100.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
