# Cross-entropy in NCL++'s augmentation and schedule on CIFAR-10-LT IF 50; not in the paper.
_base_ = './cifar10_lt_if100_ce.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=50)))
