# NCL++ (Tan et al., 2023) on two complete ResNet-50 with cosine classifiers, whose scale, bias and initialization are
# those of the authors' code (the paper gives none).
_base_ = './ncl_resnet32.py'

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
    backbone=dict(_delete_=True, type='ResNet', depth=50),
    head=dict(
        expert=dict(
            _delete_=True,
            type='CosineHead',
            in_channels=2048,
            scale=16.0,
            bias=True,
            topk=(1,),
            init_cfg=cosine_init,
        )
    ),
)
