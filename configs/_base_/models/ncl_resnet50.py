# NCL++ (Tan et al., 2023) on two complete ResNet-50 with cosine classifiers. The paper does not give their scale: 30.
_base_ = './ncl_resnet32.py'

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=50),
    head=dict(expert=dict(_delete_=True, type='CosineHead', in_channels=2048, scale=30.0, topk=(1,))),
)
