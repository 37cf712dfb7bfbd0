# Schedule of DB loss (Wu et al., ECCV 2020), used by Guo & Wang (CVPR 2021): 8 epochs of the class-aware sampler,
# SGD, 0.1 x after epochs 5 and 7, 500 iterations of linear warm-up from 1/3, gradients clipped at norm 35.
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=True, milestones=[5, 7], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8, val_interval=1)
val_cfg = dict()
test_cfg = dict()
# The rate is for 32 images per stream on one device; `--auto-scale-lr` rescales it for others.
auto_scale_lr = dict(base_batch_size=32, enable=False)
