# Table 4: Balanced softmax with crop and flip alone. Paper: 45.69 top-1.
_base_ = './cifar100_lt_if100_bsce.py'

data_preprocessor = dict(augments=_base_.data_preprocessor.augments[:2])
