# COCO-LT whose images are flipped and distorted as whole batches, by the model's data preprocessor and where the model
# is: for a GPU that waits for its loaders. Equal to coco_lt.py in distribution.
_base_ = './coco_lt.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomSideCrop', min_side=0.8),
    dict(type='Resize', scale=(224, 224)),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
data_preprocessor = dict(
    type='BatchAugmentPreprocessor',
    augments=[
        dict(type='BatchRandomFlip', prob=0.5),
        dict(type='BatchPhotoMetricDistortion', swap_channels=True),
    ],
)
