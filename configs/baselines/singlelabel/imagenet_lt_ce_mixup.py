# CE on mixed images (mixup, alpha = 1.0). Paper (Li et al., CVPR 2022): ImageNet-LT 45.66 top-1.
_base_ = './imagenet_lt_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
