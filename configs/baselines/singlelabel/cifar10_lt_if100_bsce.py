# Balanced softmax (Ren et al., NeurIPS 2020).
_base_ = './cifar10_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='BalancedSoftmaxLoss')))
