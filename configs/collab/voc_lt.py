# Guo & Wang, Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and Re-Balanced
# Samplings, CVPR 2021: the full method. Paper: VOC-LT 81.44 mAP (head 75.68, medium 85.53, tail 82.69).
# ResNet-50, 224 x 224 pixels, 32 images of each of two streams, 8 epochs of 3,875 draws a stream (8 x 121 iterations).
# Ours: 56.65, 56.47 mAP on VOC-LT′ (seeds 0, 1; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/collab/voc_lt.py
_base_ = [
    '../_base_/datasets/voc_lt.py',
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
