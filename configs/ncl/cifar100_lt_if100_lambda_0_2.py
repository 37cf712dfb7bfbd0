# Fig. 5 (b): NCL++ with lambda 0.2.
_base_ = './cifar100_lt_if100.py'

model = dict(head=dict(loss=dict(inter=dict(loss_weight=0.2), intra=dict(loss_weight=0.2))))
