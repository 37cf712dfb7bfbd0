# BBN (Zhou et al., CVPR 2020) on the ResNet-32 of the long-tail papers: the last residual block and the classifier once
# per branch, the first of which learns from uniform and the second from reversed sampling.
model = dict(
    type='MultiBranchClassifier',
    num_branches=2,
    branch_modules=['backbone.layer3.4'],
    backbone=dict(type='CifarResNet', depth=32),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='SingleLabelBranchHead',
        in_channels=64,
        loss=dict(
            type='CumulativeLoss',
            streams=['uniform', 'reversed'],
            classification=dict(type='CrossEntropyLoss', use_soft=True),
        ),
    ),
)
