# LDAM with deferred re-weighting (Cao et al., NeurIPS 2019).
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 42.04 top-1.
# Ours: 39.40 top-1 on CIFAR-100-LT′-IF100 (seed 0; CifarResNet-32, 32 px, 5100 iterations instead of 34,000; 1 thread
# of 2 CPU cores).
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_ldam_drw.py
_base_ = './cifar100_lt_if100_ce.py'

model = dict(
    head=dict(
        type='CosineHead',
        loss=dict(_delete_=True, type='LDAMLoss', max_margin=0.5, scale=30.0, drw_epoch=160),
    )
)
default_hooks = dict(training_progress=dict(type='TrainingProgressHook'))
