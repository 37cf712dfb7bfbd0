# NCL++ on the balanced CIFAR-100 (Table 8). Paper: 76.88 top-1 of one expert.
_base_ = './cifar100_lt_if100.py'

train_dataloader = dict(dataset=dict(dataset=dict(imbalance_factor=1)))
