# Focal loss with softmax (Lin et al., ICCV 2017).
_base_ = './cifar10_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='ClassBalancedCELoss', beta=0.0, focal_gamma=2.0)))
