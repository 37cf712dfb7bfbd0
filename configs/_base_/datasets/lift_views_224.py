# What LIFT (Shi et al., ICML 2024) does with images, for files and for the arrays of CIFAR: random resized crop and
# flip; the center for the validation; five crops, whose logits are averaged, for the test.
lift_train = [
    dict(type='RandomResizedCrop', scale=224, interpolation='bicubic'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
lift_plus_train = [dict(type='MinimalistCrop', scale=224), dict(type='PackInputs')]
lift_val = [
    dict(type='ResizeEdge', scale=256, edge='short', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
lift_test = [
    dict(type='ResizeEdge', scale=248, edge='short', interpolation='bicubic'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='PositionCrop', crop_size=224, position='center'),
                dict(type='PositionCrop', crop_size=224, position='top_left'),
                dict(type='PositionCrop', crop_size=224, position='top_right'),
                dict(type='PositionCrop', crop_size=224, position='bottom_left'),
                dict(type='PositionCrop', crop_size=224, position='bottom_right'),
            ],
            [dict(type='PackInputs')],
        ],
    ),
]
load = [dict(type='LoadImageFromFile')]
five_crops = dict(type='PrepareTTAHook', tta_cfg=dict(type='MeanLogitTTA'))
