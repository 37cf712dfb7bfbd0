# CE: cross-entropy, ResNet-32, 200 epochs in batches of 64.
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 38.43 top-1.
# Ours: 34.43 top-1 on CIFAR-100-LT′-IF100 (seed 0; CifarResNet-32, 32 px, 5100 iterations instead of 34,000; 1 thread
# of 2 CPU cores).
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_ce.py
_base_ = [
    '../../_base_/datasets/cifar100_lt.py',
    '../../_base_/models/resnet32_cifar.py',
    '../../_base_/schedules/cifar_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
