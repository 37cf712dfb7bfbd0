# Our own, of no paper: NCL++ (Tan et al., 2023) on iNaturalist 2018 with all of CLIP's ViT-L/14. Two experts share 20
# blocks and own the last four; two views of each image. FSDP deals weights, gradients and moments out to the processes.
# 16 images a process, so that 8 machines of 8 GPUs take 1,024 a step: 427 iterations an epoch (docs/many_gpus.md).
#   GPUS=64 tools/slurm_train.sh PARTITION JOB configs/foundation/inaturalist2018_vit_l14_ncl_fsdp.py WORK_DIR
_base_ = [
    '../_base_/datasets/inaturalist2018.py',
    '../_base_/datasets/lift_views_224.py',
    '../_base_/models/foundation_vits.py',
    '../_base_/schedules/vit_finetune_10e.py',
    '../_base_/strategies/fsdp.py',
    '../_base_/default_runtime.py',
]

peers = dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6)
expert = dict(type='CosineHead', num_classes=_base_.num_classes, in_channels=1024, scale=25.0, topk=(1,))
expert['loss'] = dict(type='CrossEntropyLoss')
model = dict(
    type='MultiExpertClassifier',
    num_branches=2,
    branch_modules=[f'backbone.layers.{i}' for i in range(20, 24)],
    backbone=_base_.clip_l14,
    head=dict(
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
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2, **_base_.clip_pixels)
train_dataloader = dict(
    batch_size=16, drop_last=True, dataset=dict(pipeline=[*_base_.load, two_views, dict(type='PackInputs')])
)
val_dataloader = dict(batch_size=64, dataset=dict(pipeline=_base_.load + _base_.lift_val))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=dict(type='LongTailSingleLabelMetric'))
test_evaluator = val_evaluator
