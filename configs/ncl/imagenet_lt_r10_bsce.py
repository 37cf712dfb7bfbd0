# Balanced softmax in NCL++'s augmentation and schedule on ImageNet-LT, ResNet-10. Paper: 45.7 top-1.
_base_ = './imagenet_lt_r50_bsce.py'

model = dict(backbone=dict(_delete_=True, type='ResNet10'), head=dict(in_channels=512))
