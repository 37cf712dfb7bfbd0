from .key_queue import KeyQueue
from .momentum_contrast import MomentumContrast

__all__ = ['KeyQueue', 'MomentumContrast']
