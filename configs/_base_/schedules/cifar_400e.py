# NCL++'s 400 epochs on CIFAR: SGD at 0.1 with Nesterov momentum in batches of 64, 5 epochs of linear warm-up from 1/3
# of the rate, 0.1 x after epochs 320 and 360.
_base_ = './cifar_200e.py'

optim_wrapper = dict(optimizer=dict(nesterov=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=True, begin=0, end=5),
    dict(type='MultiStepLR', by_epoch=True, milestones=[320, 360], gamma=0.1),
]
train_cfg = dict(max_epochs=400)
