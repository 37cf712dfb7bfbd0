# NCL++ on ImageNet-LT: two ResNet-50, two copies, 200 epochs, batches of 128 with two accumulated.
# Paper: 58.0 / 59.6 top-1, one expert / ensemble.
# Ours: not measured.
#   bash tools/dist_train.sh configs/ncl/imagenet_lt_r50.py 8 --cfg-options train_dataloader.batch_size=16
_base_ = [
    '../_base_/datasets/imagenet_lt.py',
    '../_base_/datasets/ncl_view_224.py',
    '../_base_/models/ncl_resnet50.py',
    '../_base_/schedules/ncl_200e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='MultiView', transforms=[_base_.view_pipeline], num_views=[data_preprocessor['num_views']]),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=128, drop_last=True, dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(expert=dict(num_classes=_base_.num_classes)))
optim_wrapper = dict(accumulative_counts=2)
auto_scale_lr = dict(base_batch_size=128)  # of one batch, two of which are accumulated
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator
