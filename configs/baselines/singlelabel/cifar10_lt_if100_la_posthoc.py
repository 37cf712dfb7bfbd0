# Post-hoc logit adjustment (Menon et al., ICLR 2021): CE's checkpoint, adjusted when it is tested.
#   python tools/test.py configs/baselines/singlelabel/cifar10_lt_if100_la_posthoc.py \
#       work_dirs/singlelabel/cifar10_lt_if100_ce/epoch_200.pth
_base_ = './cifar10_lt_if100_ce.py'

default_hooks = dict(logit_adjustment=dict(type='LogitAdjustmentHook', tau=1.0))
