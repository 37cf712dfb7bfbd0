# LIFT+ (Shi et al., LIFT+: Lightweight Fine-Tuning for Long-Tail Learning, 2025) on iNaturalist 2018: twice the
# rate, 15 epochs, and a crop that cuts off less and less, without flip.
#   python tools/train.py configs/foundation/inaturalist2018_liftplus.py
_base_ = './inaturalist2018_lift.py'

train_dataloader = dict(dataset=dict(pipeline=_base_.load + _base_.lift_plus_train))
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=15, eta_min=0)]
train_cfg = dict(max_epochs=15, val_interval=15)
default_hooks = dict(transform_progress=dict(type='TransformProgressHook'))
