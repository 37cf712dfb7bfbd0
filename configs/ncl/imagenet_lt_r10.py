# NCL++ on ImageNet-LT with two ResNet-10. Paper: 49.0 / 49.9 top-1, one expert / ensemble.
_base_ = './imagenet_lt_r50.py'

model = dict(
    backbone=dict(_delete_=True, type='ResNet10'),
    head=dict(expert=dict(in_channels=512)),
)
