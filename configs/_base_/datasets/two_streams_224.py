# Images of 224 x 224 pixels in the augmentation of DB loss (Wu et al., ECCV 2020), drawn by the two samplings of
# collaborative training, 32 of each. A config with one stream keeps the other's epoch length, so that all train alike.
data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)

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
    dataset=dict(type='DrawDataset', dataset=dict(pipeline=train_pipeline)),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='LongTailMultiLabelMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
