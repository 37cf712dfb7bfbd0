# CE on mixed images (mixup, alpha = 1). Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 40.01 top-1.
_base_ = './cifar100_lt_if100_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
