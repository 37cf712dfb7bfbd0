"""Transforms that MMPretrain lacks."""

from .compose_digits import ComposeDigits
from .minimalist_crop import MinimalistCrop
from .photometric import PhotoMetricDistortion
from .position_crop import PositionCrop
from .side_crop import RandomSideCrop

__all__ = ['ComposeDigits', 'MinimalistCrop', 'PhotoMetricDistortion', 'PositionCrop', 'RandomSideCrop']
