# NCL++'s 30 epochs on Places-LT: SGD at 0.02 with Nesterov momentum in batches of 256, 5 epochs of linear warm-up from
# 1/3 of the rate, 0.1 x after epochs 10 and 20.
_base_ = './ncl_200e.py'

optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=True, begin=0, end=5),
    dict(type='MultiStepLR', by_epoch=True, milestones=[10, 20], gamma=0.1),
]
train_cfg = dict(max_epochs=30)
