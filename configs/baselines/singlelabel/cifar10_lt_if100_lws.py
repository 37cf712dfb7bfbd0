# LWS (Kang et al., ICLR 2020) of CE + mixup: a learned factor per class, all else frozen, class-balanced sampling.
#   python tools/train_stages.py configs/baselines/singlelabel/cifar10_lt_if100_ce_mixup.py \
#       configs/baselines/singlelabel/cifar10_lt_if100_lws.py
_base_ = './cifar10_lt_if100_crt.py'

model = dict(
    head=dict(
        _delete_=True,
        type='LearnableWeightScalingHead',
        classifier=dict(
            type='LinearClsHead',
            num_classes=_base_.num_classes,
            in_channels=64,
            topk=(1,),
            loss=dict(type='CrossEntropyLoss'),
        ),
    )
)
default_hooks = dict(frozen=dict(reinitialize=[]))
