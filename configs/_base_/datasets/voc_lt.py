# VOC-LT (Wu et al., ECCV 2020): 1,142 images of VOC2012 to train on, 4,952 of VOC2007 to test.
# `python tools/data/prepare_voc_lt.py` lays the devkit out under data/.
num_classes = 20
data_root = 'data/VOCdevkit'

data_preprocessor = dict(
    num_classes=num_classes, mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomSideCrop', min_side=0.8),
    dict(type='Resize', scale=(224, 224)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion', swap_channels=True),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='PackInputs'),
]

# The two samplings of the method; a config with one stream keeps the other's epoch length, so that all train alike.
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(
        type='StreamSampler',
        streams=dict(
            uniform=dict(type='UniformSampler'),
            rebalanced=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4),
        ),
        epoch_length='rebalanced',
    ),
    dataset=dict(
        type='DrawDataset',
        dataset=dict(
            type='VOCLT', data_root=data_root, year='VOC2012', ids='voc_lt_ids.txt', pipeline=train_pipeline
        ),
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VOCLT',
        data_root=data_root,
        year='VOC2007',
        ids='ImageSets/Main/test.txt',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='LongTailMultiLabelMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
