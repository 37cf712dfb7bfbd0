# CE: cross-entropy, pretrained ResNet-152 of which the last block is trained, 90 epochs in batches of 512.
# Paper (Li et al., CVPR 2022): Places-LT 27.13 top-1.
_base_ = [
    '../../_base_/datasets/places_lt.py',
    '../../_base_/models/resnet152_pretrained.py',
    '../../_base_/schedules/places_90e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='CrossEntropyLoss')))
train_dataloader = dict(batch_size=512)
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone.layer4.0', 'backbone.layer4.1']))
