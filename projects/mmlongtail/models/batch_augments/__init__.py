from .crop_flip_cutout import BatchCutout, BatchRandomCrop, BatchRandomFlip
from .photometric import BatchPhotoMetricDistortion
from .policies import BatchAutoAugment, BatchRandAugment

__all__ = [
    'BatchAutoAugment',
    'BatchCutout',
    'BatchPhotoMetricDistortion',
    'BatchRandAugment',
    'BatchRandomCrop',
    'BatchRandomFlip',
]
