# GCL on iNaturalist 2018, stage 1: ResNet-50, 200 epochs in batches of 256, multi-step schedule, mixup.
_base_ = [
    '../_base_/datasets/inaturalist2018.py',
    '../_base_/models/resnet50_single_label.py',
    '../_base_/schedules/multistep_200e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(to_onehot=True)
model = dict(
    head=dict(
        type='CosineHead',
        num_classes=_base_.num_classes,
        loss=dict(type='GCLLoss', cloud='log', noise_mul=1.0, scale=30.0),
    ),
    train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)),
)
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
