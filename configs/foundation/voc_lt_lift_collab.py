# Our own, of no paper: collaborative training (Guo & Wang, CVPR 2021) on VOC-LT with CLIP. Two branches share a frozen
# ViT-B/16 and own the adapters of its last four blocks.
# A frozen CLIP ViT-B/16, 10 epochs as long as those of the class-aware sampler.
#   python tools/train.py configs/foundation/voc_lt_lift_collab.py
_base_ = ['../collab/voc_lt.py', '../_base_/models/foundation_vits.py']

model = dict(
    branch_modules=[f'backbone.layers.{i}.adapter' for i in range(8, 12)],
    backbone=dict(_delete_=True, type='AdapterModel', module=_base_.clip_b16, num_classes=_base_.num_classes),
    neck=None,
    head=dict(in_channels=768),
)
data_preprocessor = dict(**_base_.clip_pixels)
optim_wrapper = dict(_delete_=True, **_base_.lift_steps)
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10, val_interval=10)
