# MiSLAS (Zhong et al., CVPR 2021), stage 1: cross-entropy on mixed images, in batches of 128.
_base_ = './cifar100_lt_if100_ce_mixup.py'

train_dataloader = dict(batch_size=128)
auto_scale_lr = dict(base_batch_size=128)
