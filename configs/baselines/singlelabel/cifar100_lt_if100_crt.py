# cRT (Kang et al., ICLR 2020) of CE + mixup: a new classifier on the frozen backbone, class-balanced sampling.
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 45.12 top-1.
#   python tools/train_stages.py configs/baselines/singlelabel/cifar100_lt_if100_ce_mixup.py \
#       configs/baselines/singlelabel/cifar100_lt_if100_crt.py
_base_ = './cifar100_lt_if100_ce.py'

train_dataloader = dict(sampler=dict(type='ClassBalancedSampler'))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone', 'neck'], reinitialize=['head']))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=30, eta_min=0)]
train_cfg = dict(max_epochs=30)
