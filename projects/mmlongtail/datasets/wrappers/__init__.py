from .resampled import CBENDataset, ResampledDataset

__all__ = ['CBENDataset', 'ResampledDataset']
