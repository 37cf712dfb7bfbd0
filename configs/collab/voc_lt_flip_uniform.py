# One branch whose logits agree on an image and its mirror image. Paper (Table 3): VOC-LT 78.18 mAP.
_base_ = './voc_lt.py'

data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2, mirrored=True)
model = dict(
    num_branches=1,
    head=dict(
        loss=dict(
            streams=[['uniform'], ['uniform']],  # the image, its mirror image
            classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'),
        ),
    ),
)
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, uniform=dict(type='UniformSampler')),
        epoch_length=dict(_delete_=True, type='ClassAwareSampler', num_samples_cls=3, reduce=4),
    ),
)
auto_scale_lr = dict(base_batch_size=32)
