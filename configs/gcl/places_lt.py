# GCL on Places-LT, stage 2 and the full method. Paper: 40.64 top-1.
#   python tools/train_stages.py configs/gcl/places_lt_stage1.py configs/gcl/places_lt.py
_base_ = './places_lt_stage1.py'

model = dict(
    head=dict(loss=dict(scale=15.0, margin=0.1, focal_gamma=1.0)),
    train_cfg=dict(augments=dict(alpha=1.0)),
)
train_dataloader = dict(sampler=dict(type='CBENSampler', a=0.9999, b=1e-5))
default_hooks = dict(frozen=dict(modules=['backbone', 'neck']))
optim_wrapper = dict(optimizer=dict(lr=0.002))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=30, eta_min=0)]
train_cfg = dict(max_epochs=30)
