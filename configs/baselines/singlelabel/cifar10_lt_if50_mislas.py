# MiSLAS. Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 50 85.16 top-1.
_base_ = './cifar10_lt_if100_mislas.py'

model = dict(head=dict(classifier=dict(loss=dict(smooth_head=0.2))))
train_dataloader = dict(dataset=dict(imbalance_factor=50))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'fc.layer': dict(lr_mult=0.2)}))
