# MiSLAS (Zhong et al., CVPR 2021), stage 1: cross-entropy on mixed images, 180 epochs with cosine decay.
_base_ = './imagenet_lt_ce_mixup.py'

model = dict(train_cfg=dict(augments=dict(alpha=0.2)))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=180, eta_min=0)]
train_cfg = dict(max_epochs=180)
