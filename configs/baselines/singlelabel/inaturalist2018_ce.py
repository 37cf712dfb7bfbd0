# CE: cross-entropy, ResNet-50, 200 epochs in batches of 256.
# Paper (Li et al., CVPR 2022): iNaturalist 2018 63.80 top-1.
_base_ = [
    '../../_base_/datasets/inaturalist2018.py',
    '../../_base_/models/resnet50_single_label.py',
    '../../_base_/schedules/multistep_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
