# ResNet-32 of the long-tail papers (0.46 M parameters) for images of 32 x 32 pixels, and a linear classifier.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='CifarResNet', depth=32),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=64, topk=(1,)),
)
