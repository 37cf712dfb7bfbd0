# LIFT (Shi et al., Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts, ICML 2024) on ImageNet-LT: a
# frozen CLIP ViT-B/16 with adapters. Paper: 78.3 top-1, with five crops. 10 epochs of 906 iterations of 128 images
# of 224 x 224 pixels, on one GPU of 20 GB.
# Ours: not measured.
#   python tools/text_features.py CLIP_FOLDER configs/foundation/imagenet_lt_lift.py \
#       data/text/clip_b16_imagenet_lt.safetensors
#   python tools/train.py configs/foundation/imagenet_lt_lift.py
_base_ = [
    '../_base_/datasets/imagenet_lt.py',
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
default_hooks = dict(
    five_crops=_base_.five_crops,
    classifier_start=dict(type='ClassifierStartHook', file='data/text/clip_b16_imagenet_lt.safetensors'),
)
