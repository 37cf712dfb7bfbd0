# One augmented copy of an image in NCL++'s augmentation of the large sets: 256 x 256 pixels, a crop of 224 x 224, flip
# and RandAugment, whose settings the paper does not give: the host's.
view_pipeline = [
    dict(type='Resize', scale=(256, 256)),
    dict(type='RandomCrop', crop_size=224),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='RandAugment', policies='timm_increasing', num_policies=2, total_level=10, magnitude_level=9),
]
