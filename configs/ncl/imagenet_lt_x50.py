# NCL++ on ImageNet-LT with two ResNeXt-50 32x4d. Paper: 59.1 / 60.9 top-1, one expert / ensemble.
_base_ = './imagenet_lt_r50.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
