# RS: plain binary cross-entropy on class-aware sampling. Paper (Guo & Wang, CVPR 2021, Table 1): VOC-LT 75.38 mAP.
_base_ = './voc_lt_erm.py'

train_dataloader = dict(
    sampler=dict(
        streams=dict(_delete_=True, rebalanced=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4)),
    ),
)
