# The plain network beside NCL++'s two: ResNet-50 and the same cosine classifier.
# uniform in +- 1 / sqrt(channels), as torch initializes a linear layer; the bias starts at 0
cosine_init = dict(
    type='Kaiming',
    layer='Linear',
    a=5**0.5,
    mode='fan_in',
    nonlinearity='leaky_relu',
    distribution='uniform',
)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=50),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='CosineHead', in_channels=2048, scale=16.0, bias=True, topk=(1,), init_cfg=cosine_init),
)
