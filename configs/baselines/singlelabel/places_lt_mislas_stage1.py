# MiSLAS (Zhong et al., CVPR 2021), stage 1: cross-entropy on mixed images, 90 epochs with cosine decay.
_base_ = './places_lt_ce_mixup.py'

model = dict(train_cfg=dict(augments=dict(alpha=0.2)))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=90, eta_min=0)]
train_cfg = dict(max_epochs=90)
train_dataloader = dict(batch_size=256)
auto_scale_lr = dict(base_batch_size=256)
