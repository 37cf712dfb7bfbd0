# MiSLAS (Zhong et al., CVPR 2021), stage 2: class-balanced sampling, label-aware smoothing, a factor per class and its
# weights at a twentieth of the rate, shifted batch norm in the trained block.
# Paper (Li et al., CVPR 2022): Places-LT 40.15 top-1.
#   python tools/train_stages.py configs/baselines/singlelabel/places_lt_mislas_stage1.py \
#       configs/baselines/singlelabel/places_lt_mislas.py
_base_ = './places_lt_mislas_stage1.py'

data_preprocessor = dict(to_onehot=False)
model = dict(
    head=dict(
        _delete_=True,
        type='LearnableWeightScalingHead',
        train_weights=True,
        classifier=dict(
            type='LinearClsHead',
            num_classes=_base_.num_classes,
            in_channels=2048,
            topk=(1,),
            loss=dict(type='LabelAwareSmoothingLoss', smooth_head=0.4, smooth_tail=0.1),
        ),
    ),
    train_cfg=None,
)
train_dataloader = dict(sampler=dict(type='ClassBalancedSampler'))
default_hooks = dict(frozen=dict(modules=['backbone', 'neck'], moving_statistics=['backbone.layer4.2']))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'fc.layer': dict(lr_mult=0.05)}))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=10, eta_min=0)]
train_cfg = dict(max_epochs=10)
