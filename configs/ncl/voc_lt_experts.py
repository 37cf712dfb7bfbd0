# Our own, of no paper: NCL++ for several labels on VOC-LT. Two experts on one trunk, two copies of each image,
# class-aware sampling, weighted binary cross-entropy, and the divergence of label probabilities between experts and
# between copies.
_base_ = '../baselines/multilabel/voc_lt_rs.py'

peers = dict(type='MultiLabelPeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6)
model = dict(
    type='MultiExpertClassifier',
    num_branches=2,
    branch_modules=['backbone.layer4', 'neck'],
    head=dict(
        _delete_=True,
        type='MultiExpertHead',
        expert=dict(type='MultiLabelLinearClsHead', num_classes=_base_.num_classes, in_channels=256),
        loss=dict(
            type='NestedCollaborativeLoss',
            classification=dict(type='FrequencyWeightedBCELoss'),
            inter=peers,
            intra=peers,
        ),
    ),
)
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='MultiView', transforms=[_base_.train_pipeline[1:-1]], num_views=[data_preprocessor['num_views']]
    ),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
# the curves of label probabilities are of one expert and one copy
default_hooks = dict(label_probability=None)
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator
