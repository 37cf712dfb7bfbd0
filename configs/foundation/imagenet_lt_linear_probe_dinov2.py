# Linear probe on ImageNet-LT with DINOv2's ViT-B/14. No paper's number is known for this setting.
#   python tools/train.py configs/foundation/imagenet_lt_linear_probe_dinov2.py
_base_ = './imagenet_lt_lift_dinov2.py'

model = dict(backbone=dict(_delete_=True, **_base_.dinov2_b14))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone']))
