# A narrow ResNet-18 for images of 32 pixels: stages 1 to 3 shared, stage 4 and the classifier once per branch.
model = dict(
    type='MultiBranchClassifier',
    num_branches=2,
    branch_modules=['backbone.layer4'],
    backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8),
    neck=dict(type='GeneralizedMeanPooling'),
    head=dict(type='MultiBranchHead', in_channels=64),
)
