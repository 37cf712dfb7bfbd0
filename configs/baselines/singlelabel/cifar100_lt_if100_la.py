# Logit-adjusted loss (Menon et al., ICLR 2021), tau = 1.
# Ours: 40.30 top-1 on CIFAR-100-LT′-IF100 (seed 0; CifarResNet-32, 32 px, 5100 iterations instead of 34,000; 1 thread
# of 2 CPU cores).
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_la.py
_base_ = './cifar100_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='LogitAdjustmentLoss', tau=1.0)))
