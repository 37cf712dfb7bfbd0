# Logit-adjusted loss (Menon et al., ICLR 2021), tau = 1.
# Paper, as quoted by Li et al. (CVPR 2022): ImageNet-LT 51.11 top-1.
_base_ = './imagenet_lt_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='LogitAdjustmentLoss', tau=1.0)))
