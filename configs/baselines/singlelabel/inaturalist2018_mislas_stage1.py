# MiSLAS (Zhong et al., CVPR 2021), stage 1: cross-entropy on mixed images, 200 epochs with cosine decay.
_base_ = './inaturalist2018_ce_mixup.py'

model = dict(train_cfg=dict(augments=dict(alpha=0.2)))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=200, eta_min=0)]
train_cfg = dict(max_epochs=200)
