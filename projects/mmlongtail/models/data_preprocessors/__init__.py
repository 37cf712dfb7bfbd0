from .batch_augment_preprocessor import BatchAugmentPreprocessor

__all__ = ['BatchAugmentPreprocessor']
