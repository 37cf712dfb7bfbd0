# RS: plain binary cross-entropy on class-aware sampling. Paper (Guo & Wang, CVPR 2021, Table 1): COCO-LT 46.97 mAP.
_base_ = './coco_lt_erm.py'

train_dataloader = dict(
    sampler=dict(
        streams=dict(_delete_=True, rebalanced=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4)),
    ),
)
