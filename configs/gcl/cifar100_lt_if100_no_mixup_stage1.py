# GCL without mixup, stage 1: for schedules too short to learn from mixed images.
_base_ = './cifar100_lt_if100_stage1.py'

model = dict(train_cfg=None)
