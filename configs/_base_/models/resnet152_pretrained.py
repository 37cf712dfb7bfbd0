# ResNet-152 with ImageNet weights, whose batch norm keeps its ImageNet statistics, and a linear classifier. All but the
# last stage is frozen; FreezeHook freezes that stage but for its last block.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet',
        depth=152,
        frozen_stages=3,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=2048, topk=(1,)),
)
