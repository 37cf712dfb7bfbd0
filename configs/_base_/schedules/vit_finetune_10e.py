# All weights of a large vision transformer learn: AdamW in mixed precision, 10 epochs, the rate falling by a cosine
# after 500 iterations of warm-up, gradients clipped at norm 1. The rate is for 1,024 images; see `--auto-scale-lr`.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05, betas=(0.9, 0.98)),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=500),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=10, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=1024, enable=False)
