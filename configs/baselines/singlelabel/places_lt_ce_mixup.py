# CE on mixed images (mixup, alpha = 0.2). Paper (Li et al., CVPR 2022): Places-LT 29.51 top-1.
_base_ = './places_lt_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=0.2)))
