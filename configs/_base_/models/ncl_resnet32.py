# NCL++ (Tan et al., 2023), the losses of eq. (14), on two complete ResNet-32 with linear classifiers in torch's own
# initialization, as in the authors' code.
model = dict(
    type='MultiExpertClassifier',
    num_branches=2,
    branch_modules=['backbone'],
    backbone=dict(type='CifarResNet', depth=32),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='MultiExpertHead',
        expert=dict(type='LinearClsHead', in_channels=64, topk=(1,), init_cfg=None),
        loss=dict(
            type='NestedCollaborativeLoss',
            classification=dict(type='BalancedSoftmaxLoss'),
            hard=dict(type='HardCategoryLoss', ratio=0.3),
            inter=dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6),
            intra=dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6),
        ),
    ),
)
