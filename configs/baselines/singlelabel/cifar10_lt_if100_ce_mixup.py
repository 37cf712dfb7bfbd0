# CE on mixed images (mixup, alpha = 1). Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 100 72.96 top-1.
_base_ = './cifar10_lt_if100_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
