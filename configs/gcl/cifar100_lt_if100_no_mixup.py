# GCL without mixup, stage 2.
# Ours: 40.78, 40.34 top-1 on CIFAR-100-LT′-IF100 (seeds 0, 1; CifarResNet-32, 32 px, 680 iterations instead of 5,100; 1
# thread of 2 CPU cores).
#   python tools/train_stages.py configs/gcl/cifar100_lt_if100_no_mixup_stage1.py \
#       configs/gcl/cifar100_lt_if100_no_mixup.py
_base_ = './cifar100_lt_if100.py'

model = dict(train_cfg=None)
