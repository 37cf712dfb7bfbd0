# The embedded demo set: handwritten digits of scikit-learn in colored ink, 30 classes with 8 to 899 of 2,247 training
# images (13 head, 10 medium, 7 tail) and a balanced test part of 900. Nothing to download.
num_classes = 30

data_preprocessor = dict(num_classes=num_classes, mean=[65, 65, 65], std=[50, 50, 50], to_rgb=True)

train_pipeline = [
    dict(type='ComposeDigits', noise=12, hue_jitter=20),
    dict(type='RandomCrop', crop_size=32, padding=2, padding_mode='reflect'),  # no flip: a mirrored 2 is no 2
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='ComposeDigits', noise=12, hue_jitter=20), dict(type='PackInputs')]

# The two samplings of the method; a config with one stream keeps the other's epoch length, so that all train alike.
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
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
            type='LongTailDigits', split='train', max_count=400, min_count=4, pipeline=train_pipeline
        ),
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LongTailDigits',
        split='test',
        max_count=30,
        min_count=30,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='LongTailMultiLabelMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
