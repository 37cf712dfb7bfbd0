# Two branches that see two draws of the same sampling, no compensation. Paper (Table 3): VOC-LT 80.13 mAP.
_base_ = './voc_lt.py'

model = dict(
    head=dict(
        loss=dict(
            streams=[['uniform_1'], ['uniform_2']],
            classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'),
        ),
    )
)
train_dataloader = dict(
    sampler=dict(
        streams=dict(
            _delete_=True,
            uniform_1=dict(type='UniformSampler'),
            uniform_2=dict(type='UniformSampler'),
        ),
        epoch_length=dict(_delete_=True, type='ClassAwareSampler', num_samples_cls=3, reduce=4),
    )
)
