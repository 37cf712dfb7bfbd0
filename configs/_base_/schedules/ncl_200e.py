# NCL++'s 200 epochs on ImageNet-LT and iNaturalist: SGD at 0.2 with Nesterov momentum (the authors' code) in batches of
# 256, cosine decay to 1e-4.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.2, momentum=0.9, nesterov=True, weight_decay=2e-4))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=200, eta_min=1e-4)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=256, enable=False)
