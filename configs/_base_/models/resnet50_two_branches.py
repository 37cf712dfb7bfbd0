# ResNet-50 with ImageNet weights, whose batch norm keeps its ImageNet statistics: stages 1 to 3 shared, stage 4 and the
# classifier once per branch.
model = dict(
    type='MultiBranchClassifier',
    num_branches=2,
    branch_modules=['backbone.layer4'],
    backbone=dict(
        type='ResNet',
        depth=50,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiBranchHead', in_channels=2048),
)
