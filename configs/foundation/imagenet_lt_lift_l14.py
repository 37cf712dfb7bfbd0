# LIFT on ImageNet-LT with CLIP's ViT-L/14. Paper: 82.9 top-1.
#   python tools/text_features.py CLIP_L14_FOLDER configs/foundation/imagenet_lt_lift.py \
#       data/text/clip_l14_imagenet_lt.safetensors
_base_ = './imagenet_lt_lift.py'

model = dict(backbone=dict(module=dict(_delete_=True, **_base_.clip_l14)), head=dict(in_channels=1024))
default_hooks = dict(classifier_start=dict(file='data/text/clip_l14_imagenet_lt.safetensors'))
