# Balanced softmax in NCL++'s augmentation and schedule. Paper: CIFAR-10-LT IF 50 85.8 top-1.
_base_ = './cifar10_lt_if100_bsce.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
