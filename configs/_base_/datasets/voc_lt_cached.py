# VOC-LT with images that are decoded once: an epoch after the first takes them from a folder that all workers, ranks
# and runs share. Their shorter side is at most 280 pixels, of which a crop keeps 224, so training differs a little
# from voc_lt.py's: crops are resized twice. What the paper reports is compared with voc_lt.py.
_base_ = './voc_lt.py'

cached = dict(type='CachedPictures', folder='data/pictures')
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            short_side=280,
            dataset=dict(**_base_.train_set, pipeline=_base_.train_pipeline),
            **cached,
        )
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        dataset=dict(**_base_.test_set, pipeline=_base_.test_pipeline, test_mode=True),
        **cached,
    )
)
test_dataloader = val_dataloader
