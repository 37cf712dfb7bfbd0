# Balanced softmax in NCL++'s augmentation and schedule on ImageNet-LT, ResNeXt-50 32x4d. Paper: 53.6 top-1.
_base_ = './imagenet_lt_r50_bsce.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
