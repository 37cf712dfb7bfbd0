# GCL on Places-LT, stage 1: ResNet-152, 30 epochs in batches of 256 after Kang et al. (ICLR 2020), mixup.
_base_ = [
    '../_base_/datasets/places_lt.py',
    '../_base_/models/resnet152_pretrained.py',
    '../_base_/schedules/kang_90e.py',
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
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=30, eta_min=0)]
train_cfg = dict(max_epochs=30)
