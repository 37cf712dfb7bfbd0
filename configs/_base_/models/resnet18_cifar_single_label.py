# A narrow ResNet-18 without its last stage (0.18 M parameters) for images of 16 pixels, from random weights.
# PyTorch's own (init_cfg=[]): after 12 epochs AdamW's loss is 0.22 from them, 0.83 from the host's larger ones.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        base_channels=16,
        stem_channels=16,
        num_stages=3,
        strides=(2, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(2,),
        zero_init_residual=False,
        init_cfg=[],
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=64, init_cfg=[]),
)
