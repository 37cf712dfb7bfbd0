"""Data sets around another one."""

from .base import DatasetWrapper, innermost, unwrap
from .batched import BatchedDataset
from .cached_features import CachedFeatures
from .cached_pictures import CachedPictures
from .draw_dataset import DrawDataset
from .long_tail_subset import LongTailSubset, ShareSubset
from .resampled import CBENDataset, ResampledDataset

__all__ = [
    'BatchedDataset',
    'CBENDataset',
    'CachedFeatures',
    'CachedPictures',
    'DatasetWrapper',
    'DrawDataset',
    'LongTailSubset',
    'ResampledDataset',
    'ShareSubset',
    'innermost',
    'unwrap',
]
