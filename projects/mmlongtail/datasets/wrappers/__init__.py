from .cached_features import CachedFeatures
from .resampled import CBENDataset, ResampledDataset

__all__ = ['CBENDataset', 'CachedFeatures', 'ResampledDataset']
