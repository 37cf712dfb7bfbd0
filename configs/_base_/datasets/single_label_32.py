# Images of 32 x 32 pixels in the augmentation of the long-tail papers: crop with padding 4, flip; with the mean and
# standard deviation, (0.4914, 0.4822, 0.4465) and (0.2023, 0.1994, 0.2010), times 255. The archives are RGB already.
data_preprocessor = dict(mean=[125.307, 122.961, 113.8575], std=[51.5865, 50.847, 51.255], to_rgb=False)

train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='UniformSampler'),
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='LongTailSingleLabelMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
