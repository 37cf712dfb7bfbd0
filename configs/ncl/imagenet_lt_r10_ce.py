# Cross-entropy in NCL++'s augmentation and schedule on ImageNet-LT, ResNet-10; not in the paper.
_base_ = './imagenet_lt_r10_bsce.py'

model = dict(head=dict(loss=dict(type='CrossEntropyLoss')))
