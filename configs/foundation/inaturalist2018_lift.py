# LIFT (Shi et al., Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts, ICML 2024) on iNaturalist 2018: a
# frozen CLIP ViT-B/16 with adapters. Paper: 80.4 top-1, with five crops.
# 20 epochs of 3,419 iterations of 128 images of 224 x 224 pixels, on one GPU of 20 GB.
#   python tools/text_features.py CLIP_FOLDER CLASSES.txt data/text/clip_b16_inaturalist2018.safetensors
#   python tools/train.py configs/foundation/inaturalist2018_lift.py
# CLASSES.txt has a name in each line, in the order of the labels.
_base_ = [
    '../_base_/datasets/inaturalist2018.py',
    '../_base_/datasets/lift_views_224.py',
    '../_base_/models/foundation_vits.py',
    '../_base_/models/lift_head.py',
    '../_base_/schedules/lift_10e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(type='AdapterModel', module=_base_.clip_b16, num_classes=_base_.num_classes),
    head=dict(num_classes=_base_.num_classes),
)
data_preprocessor = dict(**_base_.clip_pixels)
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=_base_.load + _base_.lift_train))
val_dataloader = dict(dataset=dict(pipeline=_base_.load + _base_.lift_val))
test_dataloader = dict(batch_size=64, dataset=dict(pipeline=_base_.load + _base_.lift_test))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=20, eta_min=0)]
train_cfg = dict(max_epochs=20, val_interval=20)
default_hooks = dict(
    five_crops=_base_.five_crops,
    classifier_start=dict(type='ClassifierStartHook', file='data/text/clip_b16_inaturalist2018.safetensors'),
)
