# LDAM with deferred re-weighting (Cao et al., NeurIPS 2019).
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 42.04 top-1.
_base_ = './cifar100_lt_if100_ce.py'

model = dict(
    head=dict(
        type='CosineHead',
        loss=dict(_delete_=True, type='LDAMLoss', max_margin=0.5, scale=30.0, drw_epoch=160),
    )
)
default_hooks = dict(training_progress=dict(type='TrainingProgressHook'))
