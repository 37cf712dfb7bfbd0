# MiSLAS (Zhong et al., CVPR 2021), stage 2: class-balanced sampling, label-aware smoothing, a factor per class
# and its weights at a fifth of the rate, shifted batch norm.
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 47.50 top-1.
#   python tools/train_stages.py configs/baselines/singlelabel/cifar100_lt_if100_mislas_stage1.py \
#       configs/baselines/singlelabel/cifar100_lt_if100_mislas.py
_base_ = './cifar100_lt_if100_mislas_stage1.py'

data_preprocessor = dict(to_onehot=False)
model = dict(
    head=dict(
        _delete_=True,
        type='LearnableWeightScalingHead',
        train_weights=True,
        classifier=dict(
            type='LinearClsHead',
            num_classes=_base_.num_classes,
            in_channels=64,
            topk=(1,),
            loss=dict(type='LabelAwareSmoothingLoss', smooth_head=0.4, smooth_tail=0.1),
        ),
    ),
    train_cfg=None,
)
train_dataloader = dict(sampler=dict(type='ClassBalancedSampler'))
default_hooks = dict(
    frozen=dict(type='FreezeHook', modules=['backbone', 'neck'], moving_statistics=['backbone'])
)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'fc.layer': dict(lr_mult=0.2)}))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10)
