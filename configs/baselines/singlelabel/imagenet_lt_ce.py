# CE: cross-entropy, ResNet-50, 200 epochs in batches of 256.
# Paper (Li et al., CVPR 2022): ImageNet-LT 44.51 top-1.
_base_ = [
    '../../_base_/datasets/imagenet_lt.py',
    '../../_base_/models/resnet50_single_label.py',
    '../../_base_/schedules/multistep_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
