# The embedded single-label demo set: one handwritten digit of scikit-learn per image of 16 pixels, in colored ink.
# 10 classes with 400 to 4 of 993 training images, exponentially falling (3 many, 3 medium, 4 few), and a balanced
# test part of 600. Nothing to download.
num_classes = 10

data_preprocessor = dict(mean=[65, 65, 65], std=[50, 50, 50], to_rgb=True)

compose = dict(type='ComposeDigits', size=16, across=1, noise=8, hue_jitter=20)
train_pipeline = [
    compose,
    dict(type='RandomCrop', crop_size=16, padding=2, padding_mode='reflect'),  # no flip: a mirrored 2 is no 2
    dict(type='PackInputs'),
]
test_pipeline = [compose, dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    drop_last=True,
    sampler=dict(type='UniformSampler'),
    dataset=dict(
        type='DrawDataset',
        dataset=dict(
            type='LongTailSingleDigits',
            split='train',
            max_count=400,
            min_count=4,
            power=1000,
            pipeline=train_pipeline,
        ),
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LongTailSingleDigits',
        split='test',
        max_count=60,
        min_count=60,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='LongTailSingleLabelMetric', dump_per_class=True)
test_dataloader = val_dataloader
test_evaluator = val_evaluator
