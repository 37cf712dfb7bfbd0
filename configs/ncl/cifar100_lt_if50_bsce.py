# Balanced softmax in NCL++'s augmentation and schedule. Paper: CIFAR-100-LT IF 50 55.0 top-1.
_base_ = './cifar100_lt_if100_bsce.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
