# Logit-adjusted loss (Menon et al., ICLR 2021), tau = 1.
_base_ = './cifar100_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='LogitAdjustmentLoss', tau=1.0)))
