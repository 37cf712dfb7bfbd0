"""Data sets around another one."""

from .base import DatasetWrapper, innermost, unwrap
from .batched import BatchedDataset
from .draw_dataset import DrawDataset
from .long_tail_subset import LongTailSubset, ShareSubset
from .resampled import CBENDataset, ResampledDataset

__all__ = [
    'BatchedDataset',
    'CBENDataset',
    'DatasetWrapper',
    'DrawDataset',
    'LongTailSubset',
    'ResampledDataset',
    'ShareSubset',
    'innermost',
    'unwrap',
]
