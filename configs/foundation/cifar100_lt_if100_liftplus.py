# LIFT+ (Shi et al., LIFT+: Lightweight Fine-Tuning for Long-Tail Learning, 2025) on CIFAR-100-LT, imbalance factor
# 100: twice the rate, 5 epochs, and a crop that cuts off less and less, without flip.
#   python tools/train.py configs/foundation/cifar100_lt_if100_liftplus.py
_base_ = './cifar100_lt_if100_lift.py'

train_dataloader = dict(dataset=dict(pipeline=_base_.lift_plus_train))
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=5, eta_min=0)]
train_cfg = dict(max_epochs=5, val_interval=5)
default_hooks = dict(transform_progress=dict(type='TransformProgressHook'))
