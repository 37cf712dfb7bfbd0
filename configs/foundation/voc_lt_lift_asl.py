# Our own, of no paper: LIFT's adapters and schedule for several labels, on VOC-LT with ASL (Ridnik et al., ICCV
# 2021). A frozen CLIP ViT-B/16, 10 epochs as long as those of the class-aware sampler.
#   python tools/train.py configs/foundation/voc_lt_lift_asl.py
_base_ = ['../baselines/multilabel/voc_lt_asl.py', '../_base_/models/foundation_vits.py']

model = dict(
    backbone=dict(_delete_=True, type='AdapterModel', module=_base_.clip_b16, num_classes=_base_.num_classes),
    neck=None,
    head=dict(in_channels=768),
)
data_preprocessor = dict(**_base_.clip_pixels)
optim_wrapper = dict(_delete_=True, **_base_.lift_steps)
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10, val_interval=10)
