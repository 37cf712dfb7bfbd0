# CE with the batched input path; all else is that of cifar100_lt_if100_ce.py.
_base_ = [
    '../../_base_/datasets/cifar100_lt_batched.py',
    '../../_base_/models/resnet32_cifar.py',
    '../../_base_/schedules/cifar_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
