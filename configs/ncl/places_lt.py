# NCL++ on Places-LT: two complete ResNet-152 from ImageNet weights, nothing frozen, four copies, 30 epochs. Batch norm
# is not kept in eval mode, nor is it in the authors' code: the whole network learns new images, large batches are
# drawn uniformly, and the running statistics become those of Places.
# Paper: 42.0 / 42.4 top-1, one expert / ensemble.
#   bash tools/dist_train.sh configs/ncl/places_lt.py 8 --cfg-options train_dataloader.batch_size=32
_base_ = [
    '../_base_/datasets/places_lt.py',
    '../_base_/datasets/ncl_view_224.py',
    '../_base_/models/ncl_resnet50.py',
    '../_base_/schedules/ncl_places_30e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=4)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='MultiView', transforms=[_base_.view_pipeline], num_views=[data_preprocessor['num_views']]),
    dict(type='PackInputs'),
]
train_dataloader = dict(drop_last=True, dataset=dict(pipeline=train_pipeline))
model = dict(
    backbone=dict(depth=152, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152')),
    head=dict(expert=dict(num_classes=_base_.num_classes)),
)
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator
