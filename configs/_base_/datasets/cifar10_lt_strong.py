# CIFAR-10-LT in NCL++'s augmentation, in whole batches: crop with padding 4, flip, AutoAugment's CIFAR-10 policy and
# Cutout of 16 pixels, which leaves them black, as in the authors' code (the paper names RandAugment without its
# settings). The last short batch is dropped, as there.
_base_ = './cifar10_lt_batched.py'

train_dataloader = dict(drop_last=True)
data_preprocessor = dict(
    augments=[
        dict(type='BatchRandomCrop', padding=4),
        dict(type='BatchRandomFlip', prob=0.5),
        dict(type='BatchAutoAugment', policies='cifar10'),
        dict(type='BatchCutout', shape=16, pad_val=0, prob=1.0, overhang=True),
    ]
)
