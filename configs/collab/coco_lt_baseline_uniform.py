# One branch, uniform sampling, eq. (4). Paper (Table 1): COCO-LT 53.15 mAP.
_base_ = [
    '../_base_/datasets/coco_lt.py',
    '../_base_/models/resnet50_one_branch.py',
    '../_base_/schedules/class_aware_8e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='FrequencyWeightedBCELoss')))
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, uniform=dict(type='UniformSampler')),
        # as many iterations as the others
        epoch_length=dict(_delete_=True, type='ClassAwareSampler', num_samples_cls=3, reduce=4),
    ),
)
