# MiSLAS (Zhong et al., CVPR 2021), stage 2: class-balanced sampling, label-aware smoothing, a factor per class
# and its weights at half the rate. The authors leave shifted batch norm out on CIFAR-10.
# Paper (Li et al., CVPR 2022): CIFAR-10-LT IF 100 82.06 top-1.
#   python tools/train_stages.py configs/baselines/singlelabel/cifar10_lt_if100_mislas_stage1.py \
#       configs/baselines/singlelabel/cifar10_lt_if100_mislas.py
_base_ = './cifar10_lt_if100_mislas_stage1.py'

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
            loss=dict(type='LabelAwareSmoothingLoss', smooth_head=0.3, smooth_tail=0.0),
        ),
    ),
    train_cfg=None,
)
train_dataloader = dict(sampler=dict(type='ClassBalancedSampler'))
default_hooks = dict(frozen=dict(type='FreezeHook', modules=['backbone', 'neck']))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'fc.layer': dict(lr_mult=0.5)}))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10)
