# BBN's 200 epochs on CIFAR: SGD at 0.1 in batches of 128 of each stream, 5 epochs of linear warm-up from 1/3, 0.01 x
# after epochs 120 and 160.
_base_ = './cifar_200e.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=True, begin=0, end=6),
    dict(type='MultiStepLR', by_epoch=True, milestones=[120, 160], gamma=0.01),
]
auto_scale_lr = dict(base_batch_size=256)
