# A narrow ResNet-18 (0.18 M parameters) for images of 32 pixels, from random weights, and one linear classifier.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8),
    neck=dict(type='GeneralizedMeanPooling'),
    head=dict(type='MultiLabelLinearClsHead', in_channels=64),
)
