# MiSLAS, stage 1.
_base_ = './cifar100_lt_if100_mislas_stage1.py'

train_dataloader = dict(dataset=dict(imbalance_factor=200))
