# GCL without mixup, stage 1: for schedules too short to learn from mixed images.
# Ours: 39.10, 38.96 top-1 on CIFAR-100-LT′-IF100 (seeds 0, 1; CifarResNet-32, 32 px, 5100 iterations instead of 34,000;
# 1 thread of 2 CPU cores).
#   python tools/train.py configs/gcl/cifar100_lt_if100_no_mixup_stage1.py
_base_ = './cifar100_lt_if100_stage1.py'

model = dict(train_cfg=None)
