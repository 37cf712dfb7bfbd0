# Cross-entropy on the balanced CIFAR-100 (Table 8). Paper: 73.68 top-1.
_base_ = './cifar100_lt_if100_ce.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=1)))
