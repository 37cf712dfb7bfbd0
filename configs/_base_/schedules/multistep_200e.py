# GCL's 200 epochs on ImageNet-LT and iNaturalist, for all methods of its table: SGD at 0.1 in batches of 256. The paper
# gives no milestones: as on CIFAR, 5 epochs of linear warm-up and 0.1 x after epochs 160 and 180. All else is that of
# Kang et al. (ICLR 2020).
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='MultiStepLR', by_epoch=True, milestones=[160, 180], gamma=0.1),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=256, enable=False)
