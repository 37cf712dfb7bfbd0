# GCL, stage 2 and the full method: from stage 1's classifier, all else frozen, CBEN sampling, 30 epochs.
# Paper: CIFAR-100-LT IF 100 48.71 top-1.
#   python tools/train_stages.py configs/gcl/cifar100_lt_if100_stage1.py configs/gcl/cifar100_lt_if100.py
_base_ = './cifar100_lt_if100_stage1.py'

model = dict(head=dict(loss=dict(scale=20.0, margin=0.1, focal_gamma=1.0)))
train_dataloader = dict(sampler=dict(type='CBENSampler', a=0.9999, b=1e-5))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone', 'neck']))
optim_wrapper = dict(optimizer=dict(lr=0.002))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=30, eta_min=0)]
train_cfg = dict(max_epochs=30)
