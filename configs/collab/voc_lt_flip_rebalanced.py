# One branch whose logits agree on an image and its mirror image. Paper (Table 3): VOC-LT 79.39 mAP.
_base_ = './voc_lt.py'

data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2, mirrored=True)
model = dict(
    num_branches=1,
    head=dict(
        loss=dict(
            streams=[['rebalanced'], ['rebalanced']],  # the image, its mirror image
            classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'),
        ),
    ),
)
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, rebalanced=dict(type='ClassAwareSampler', num_samples_cls=3, reduce=4)),
    ),
)
auto_scale_lr = dict(base_batch_size=32)
