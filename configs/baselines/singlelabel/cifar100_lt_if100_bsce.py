# Balanced softmax (Ren et al., NeurIPS 2020).
# Ours: 40.30, 39.73 top-1 on CIFAR-100-LT′-IF100 (seeds 0, 1; CifarResNet-32, 32 px, 5100 iterations instead of 34,000;
# 1 thread of 2 CPU cores).
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_bsce.py
_base_ = './cifar100_lt_if100_ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='BalancedSoftmaxLoss')))
