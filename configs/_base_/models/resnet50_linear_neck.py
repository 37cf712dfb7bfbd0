# ResNet-50 as in DB loss (Wu et al., ECCV 2020): ImageNet weights, stem and first stage frozen, batch norm with its
# ImageNet statistics; then a linear neck of 256 channels with batch norm and dropout, and one linear multi-label
# classifier. Before a batch norm the size of the initial weights decides how fast they turn: Kaiming's, not torch's.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet',
        depth=50,
        frozen_stages=1,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    neck=dict(
        type='LinearNeck',
        in_channels=2048,
        out_channels=256,
        gap_dim=2,
        act_cfg=dict(type='Dropout', drop_prob=0.5),
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_out', nonlinearity='relu'),
    ),
    head=dict(type='MultiLabelLinearClsHead', in_channels=256),
)
