# GCL's 90 epochs on Places-LT: SGD at 0.2 in batches of 512, 5 epochs of linear warm-up, 0.1 x after epochs 60 and 80.
_base_ = './multistep_200e.py'

optim_wrapper = dict(optimizer=dict(lr=0.2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='MultiStepLR', by_epoch=True, milestones=[60, 80], gamma=0.1),
]
train_cfg = dict(max_epochs=90)
auto_scale_lr = dict(base_batch_size=512)
