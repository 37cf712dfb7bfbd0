# 20 short epochs from random weights: AdamW, one of linear warm-up, then cosine decay. Tested once, at the end.
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=1, end=20, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20, val_interval=20)
val_cfg = dict()
test_cfg = dict()
