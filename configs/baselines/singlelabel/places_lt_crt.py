# cRT (Kang et al., ICLR 2020) of CE + mixup: a new classifier on the frozen backbone, class-balanced sampling, their
# 10 epochs. Paper (Li et al., CVPR 2022): Places-LT 38.51 top-1.
#   python tools/train_stages.py configs/baselines/singlelabel/places_lt_ce_mixup.py \
#       configs/baselines/singlelabel/places_lt_crt.py
_base_ = './places_lt_ce.py'

train_dataloader = dict(sampler=dict(type='ClassBalancedSampler'))
default_hooks = dict(frozen=dict(modules=['backbone', 'neck'], reinitialize=['head']))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10)
