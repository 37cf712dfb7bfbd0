# Cross-entropy in NCL++'s augmentation and schedule: a plain ResNet-32, one copy.
_base_ = [
    '../_base_/datasets/cifar10_lt_strong.py',
    '../_base_/models/ncl_resnet32_single.py',
    '../_base_/schedules/cifar_400e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
