# CE: cross-entropy, ResNet-32, 200 epochs in batches of 64.
# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 100 70.70 top-1.
#   python tools/train.py configs/baselines/singlelabel/cifar10_lt_if100_ce.py
_base_ = [
    '../../_base_/datasets/cifar10_lt.py',
    '../../_base_/models/resnet32_cifar.py',
    '../../_base_/schedules/cifar_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
