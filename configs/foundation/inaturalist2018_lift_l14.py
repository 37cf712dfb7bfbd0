# LIFT on iNaturalist 2018 with CLIP's ViT-L/14. Paper: 85.2 top-1.
#   python tools/text_features.py CLIP_L14_FOLDER CLASSES.txt data/text/clip_l14_inaturalist2018.safetensors
_base_ = './inaturalist2018_lift.py'

model = dict(backbone=dict(module=dict(_delete_=True, **_base_.clip_l14)), head=dict(in_channels=1024))
default_hooks = dict(classifier_start=dict(file='data/text/clip_l14_inaturalist2018.safetensors'))
