# Balanced softmax in NCL++'s augmentation and schedule on Places-LT: a plain pretrained ResNet-152 and the same cosine
# classifier, one copy; nothing is frozen, nor batch norm in eval mode, for places_lt.py's reason. Paper: 40.2 top-1.
_base_ = [
    '../_base_/datasets/places_lt.py',
    '../_base_/datasets/ncl_view_224.py',
    '../_base_/models/ncl_resnet50_single.py',
    '../_base_/schedules/ncl_places_30e.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [dict(type='LoadImageFromFile'), *_base_.view_pipeline, dict(type='PackInputs')]
train_dataloader = dict(drop_last=True, dataset=dict(pipeline=train_pipeline))
model = dict(
    backbone=dict(depth=152, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152')),
    head=dict(num_classes=_base_.num_classes, loss=dict(type='BalancedSoftmaxLoss')),
)
