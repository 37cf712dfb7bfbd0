# CE on mixed images (mixup, alpha = 1.0). Paper (Li et al., CVPR 2022): iNaturalist 2018 65.77 top-1.
_base_ = './inaturalist2018_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
