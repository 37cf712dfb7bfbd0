from .crop_flip_cutout import BatchCutout, BatchRandomCrop, BatchRandomFlip
from .policies import BatchAutoAugment, BatchRandAugment

__all__ = ['BatchAutoAugment', 'BatchCutout', 'BatchRandAugment', 'BatchRandomCrop', 'BatchRandomFlip']
