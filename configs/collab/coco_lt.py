# Guo & Wang, Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and Re-Balanced
# Samplings, CVPR 2021: the full method. Paper: COCO-LT 56.90 mAP (head 54.13, medium 60.59, tail 54.47).
# ResNet-50, 224 x 224 pixels, 32 images of each of two streams, 8 epochs of 22,560 draws a stream (8 x 705 iterations).
# Ours: not measured.
#   python tools/train.py configs/collab/coco_lt.py
_base_ = [
    '../_base_/datasets/coco_lt.py',
    '../_base_/models/resnet50_two_branches.py',
    '../_base_/schedules/class_aware_8e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        num_classes=_base_.num_classes,
        loss=dict(
            type='CollaborativeLoss',
            streams=[['uniform'], ['rebalanced']],
            classification=dict(type='CompensatedBCELoss', num_classes=_base_.num_classes),
            consistency=dict(type='LogitConsistencyLoss', loss_weight=0.1),
        ),
    )
)
auto_scale_lr = dict(base_batch_size=64)
