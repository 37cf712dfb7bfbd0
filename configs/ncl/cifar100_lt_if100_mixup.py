# Table 4: NCL++ with crop, flip and mixup, in which the copies of an image share partner and factor; its alpha
# is not given: 1.
# Paper: 51.37 / 53.38 top-1, one expert / ensemble.
_base_ = './cifar100_lt_if100_simple.py'

data_preprocessor = dict(to_onehot=True, share_mix=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
