# Two branches that see two draws of the same sampling, no compensation. Paper (Table 3): VOC-LT 80.18 mAP.
_base_ = './voc_lt.py'

model = dict(
    head=dict(
        loss=dict(
            streams=[['rebalanced_1'], ['rebalanced_2']],
            classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'),
        ),
    )
)
train_dataloader = dict(
    sampler=dict(
        streams=dict(
            _delete_=True,
            rebalanced_1=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4),
            rebalanced_2=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4),
        ),
        epoch_length='rebalanced_1',
    )
)
