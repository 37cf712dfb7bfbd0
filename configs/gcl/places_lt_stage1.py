# GCL on Places-LT, stage 1: pretrained ResNet-152, its last block trained, 90 epochs in batches of 512, mixup. In the
# authors' code that block starts from random values and its batch norm learns; here both are ImageNet's.
_base_ = [
    '../_base_/datasets/places_lt.py',
    '../_base_/models/resnet152_pretrained.py',
    '../_base_/schedules/places_90e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(to_onehot=True)
model = dict(
    head=dict(
        type='CosineHead',
        num_classes=_base_.num_classes,
        loss=dict(type='GCLLoss', cloud='log', noise_mul=1.0, scale=30.0),
    ),
    train_cfg=dict(augments=dict(type='Mixup', alpha=0.2)),
)
train_dataloader = dict(batch_size=512)
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone.layer4.0', 'backbone.layer4.1']))
