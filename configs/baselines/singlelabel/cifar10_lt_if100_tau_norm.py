# tau-norm (Kang et al., ICLR 2020) of CE + mixup, nothing is trained; `tools/analysis/tau_normalization.py` sweeps tau.
#   python tools/test.py configs/baselines/singlelabel/cifar10_lt_if100_tau_norm.py \
#       work_dirs/singlelabel/cifar10_lt_if100_ce_mixup/epoch_200.pth
_base_ = './cifar10_lt_if100_ce.py'

default_hooks = dict(tau_normalization=dict(type='TauNormalizationHook', tau=1.0))
