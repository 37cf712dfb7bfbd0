# The baseline: one network, plain binary cross-entropy, uniform sampling, as many iterations as the method.
#   python tools/train.py configs/demo/erm.py
_base_ = [
    '../_base_/datasets/digits.py',
    '../_base_/models/resnet18_cifar_one_branch.py',
    '../_base_/schedules/demo_7e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss', use_sigmoid=True)))
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, uniform=dict(type='UniformSampler')),
        epoch_length=dict(_delete_=True, type='ClassAwareSampler', num_samples_cls=3, reduce=4),
    ),
)
