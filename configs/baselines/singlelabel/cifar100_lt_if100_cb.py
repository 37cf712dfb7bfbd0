# CE weighted by the effective number of samples (Cui et al., CVPR 2019).
_base_ = './cifar100_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='ClassBalancedCELoss', beta=0.9999)))
