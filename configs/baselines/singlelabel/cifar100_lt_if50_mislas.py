# MiSLAS. Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 50 52.62 top-1.
_base_ = './cifar100_lt_if100_mislas.py'

model = dict(head=dict(classifier=dict(loss=dict(smooth_head=0.3, smooth_tail=0.0))))
train_dataloader = dict(dataset=dict(imbalance_factor=50))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'fc.layer': dict(lr_mult=0.1)}))
