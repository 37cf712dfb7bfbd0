# Table 4: Balanced softmax with crop, flip and mixup; its alpha is not given: 1.
# Paper: 49.84 top-1.
_base_ = './cifar100_lt_if100_bsce_simple.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
