# default_runtime.py for a trunk that learns nothing: what it gives is computed once per image and view, kept under
# data/features and shared by all runs. In the place of default_runtime.py it serves any config whose model is frozen
# below `until` and keeps its batch norm; ResNet-50 with its last stage learning, for instance, needs
# model = dict(backbone=dict(frozen_stages=3, norm_eval=True)). A wholly frozen backbone has until='neck' or 'head'.
# Features are read faster than worker processes hand them on: num_workers=0 in the loaders.
_base_ = './default_runtime.py'

default_hooks = dict(
    frozen_trunk=dict(type='FrozenTrunkHook', until='backbone.layer4', views=8, folder='data/features')
)
