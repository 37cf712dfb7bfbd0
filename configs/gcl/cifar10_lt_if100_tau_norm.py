# tau-norm (Kang et al., ICLR 2020) of stage 1, nothing is trained. Paper (Table 5): 82.16 top-1, its tau not given. A
# cosine classifier is the tau = 1 of its weights, so they go to a linear head as they are: the scores are
# |w|^(1 - tau) cos, and a tau above 1 takes from the classes of long weights, which are the frequent ones.
#   python tools/test.py configs/gcl/cifar10_lt_if100_tau_norm.py work_dirs/gcl/cifar10_lt_if100_stage1/epoch_200.pth
_base_ = './cifar10_lt_if100_stage1.py'

model = dict(
    head=dict(
        _delete_=True,
        type='LinearClsHead',
        num_classes=_base_.num_classes,
        in_channels=64,
        topk=(1,),
        loss=dict(type='CrossEntropyLoss'),
    ),
    train_cfg=None,
)
default_hooks = dict(tau_normalization=dict(type='TauNormalizationHook', tau=1.1, drop_bias=True))
