# Linear probe on ImageNet-LT: LIFT without adapters, the classifier alone learns on a frozen CLIP ViT-B/16. No paper's
# number is known for this setting.
#   python tools/train.py configs/foundation/imagenet_lt_linear_probe.py
_base_ = './imagenet_lt_lift.py'

model = dict(backbone=dict(_delete_=True, **_base_.clip_b16))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone']))
