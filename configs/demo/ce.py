# The baseline: cross-entropy.
#   python tools/train.py configs/demo/ce.py
_base_ = [
    '../_base_/datasets/single_digits.py',
    '../_base_/models/resnet18_cifar_single_label.py',
    '../_base_/schedules/demo_20e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
