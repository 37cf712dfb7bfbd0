# Cross-entropy in NCL++'s augmentation and schedule on ImageNet-LT, ResNeXt-50 32x4d; not in the paper.
_base_ = './imagenet_lt_x50_bsce.py'

model = dict(head=dict(loss=dict(type='CrossEntropyLoss')))
