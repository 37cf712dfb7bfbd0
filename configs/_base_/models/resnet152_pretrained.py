# ResNet-152 with ImageNet weights, its last stage trained and the others frozen, and a linear classifier.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet',
        depth=152,
        frozen_stages=3,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=2048, topk=(1,)),
)
