# GCL on iNaturalist 2018, stage 2 and the full method; its scale is stage 1's, 20 is CIFAR's. Paper: 72.01 top-1.
#   python tools/train_stages.py configs/gcl/inaturalist2018_stage1.py configs/gcl/inaturalist2018.py
_base_ = './inaturalist2018_stage1.py'

model = dict(head=dict(loss=dict(margin=0.1, focal_gamma=1.0)))
train_dataloader = dict(sampler=dict(type='CBENSampler', a=0.9999, b=1e-5))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone', 'neck']))
optim_wrapper = dict(optimizer=dict(lr=0.002))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=30, eta_min=0)]
train_cfg = dict(max_epochs=30)
