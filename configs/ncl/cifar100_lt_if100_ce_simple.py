# Table 4: Cross-entropy with crop and flip alone. Paper: 41.68 top-1.
_base_ = './cifar100_lt_if100_ce.py'

data_preprocessor = dict(augments=_base_.data_preprocessor.augments[:2])
