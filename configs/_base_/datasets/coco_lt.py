# COCO-LT (Wu et al., ECCV 2020): 1,909 images of COCO train2017 to train on, 5,000 of val2017 to test.
# `python tools/data/prepare_coco_lt.py` lays the pictures and annotations out under data/.
num_classes = 80
data_root = 'data/coco'

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
            type='COCOLT',
            data_root=data_root,
            ann_file='annotations/instances_train2017.json',
            ids='coco_lt_ids.txt',
            data_prefix='train2017',
            pipeline=train_pipeline,
        ),
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='COCOLT',
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        data_prefix='val2017',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='LongTailMultiLabelMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
