# GCL without mixup, stage 2.
#   python tools/train_stages.py configs/gcl/cifar100_lt_if100_no_mixup_stage1.py \
#       configs/gcl/cifar100_lt_if100_no_mixup.py
_base_ = './cifar100_lt_if100.py'

model = dict(train_cfg=None)
