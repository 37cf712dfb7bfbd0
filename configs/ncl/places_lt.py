# NCL++ on Places-LT: pretrained ResNet-152, four copies, 30 epochs. As Kang et al. (ICLR 2020) train it, all but the
# last stage is frozen, so that the experts share it; the batch is theirs too.
# Paper: 42.0 / 42.4 top-1, one expert / ensemble.
#   bash tools/dist_train.sh configs/ncl/places_lt.py 8 --cfg-options train_dataloader.batch_size=32
_base_ = [
    '../_base_/datasets/places_lt.py',
    '../_base_/datasets/ncl_view_224.py',
    '../_base_/models/ncl_resnet50.py',
    '../_base_/schedules/ncl_200e.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='MultiView', transforms=[_base_.view_pipeline], num_views=[4]),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=4)
model = dict(
    branch_modules=['backbone.layer4'],
    backbone=dict(
        depth=152, frozen_stages=3, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152')
    ),
    head=dict(expert=dict(num_classes=_base_.num_classes)),
)
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[10, 20], gamma=0.1)]
train_cfg = dict(max_epochs=30)
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator
