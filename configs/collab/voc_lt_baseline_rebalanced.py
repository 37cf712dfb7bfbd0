# One branch, re-balanced sampling, eq. (4). Paper (Table 1): VOC-LT 78.36 mAP.
# Ours: 54.42, 54.07 mAP on VOC-LT′ (seeds 0, 1; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/collab/voc_lt_baseline_rebalanced.py
_base_ = [
    '../_base_/datasets/voc_lt.py',
    '../_base_/models/resnet50_one_branch.py',
    '../_base_/schedules/class_aware_8e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='FrequencyWeightedBCELoss')))
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, rebalanced=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4)),
    ),
)
