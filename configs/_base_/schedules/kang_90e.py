# 90 epochs as Kang et al. (ICLR 2020) train the large sets: SGD at 0.1 in batches of 256, cosine decay to 0.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=90, eta_min=0)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=90, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=256, enable=False)
