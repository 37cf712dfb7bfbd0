# Our own, of no paper: NCL++ (Tan et al., 2023) on CLIP. Two experts share a frozen ViT-B/16 and own the adapters of
# its last four blocks; two views of each image, and the losses of NCL++.
#   python tools/train.py configs/foundation/cifar100_lt_if100_ncl.py
_base_ = './cifar100_lt_if100_lift.py'

peers = dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6)
expert = dict(type='CosineHead', num_classes=_base_.num_classes, in_channels=768, scale=25.0, topk=(1,))
expert['loss'] = dict(type='CrossEntropyLoss')
model = dict(
    type='MultiExpertClassifier',
    num_branches=2,
    branch_modules=[f'backbone.layers.{i}.adapter' for i in range(8, 12)],
    head=dict(
        _delete_=True,
        type='MultiExpertHead',
        expert=expert,
        loss=dict(
            type='NestedCollaborativeLoss',
            classification=dict(type='BalancedSoftmaxLoss'),
            hard=dict(type='HardCategoryLoss', ratio=0.3),
            inter=peers,
            intra=peers,
        ),
    ),
)
two_views = dict(type='MultiView', transforms=[_base_.lift_train[:-1]], num_views=[2])
train_dataloader = dict(dataset=dict(pipeline=[two_views, dict(type='PackInputs')]), drop_last=True)
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2)
default_hooks = dict(classifier_start=dict(layers=['head.experts.0.fc', 'head.experts.1.fc']))
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator
