# Table 4: NCL++ with crop and flip alone. Paper: 48.76 / 51.57 top-1, one expert / ensemble.
_base_ = './cifar100_lt_if100.py'

data_preprocessor = dict(augments=_base_.data_preprocessor.augments[:2])
