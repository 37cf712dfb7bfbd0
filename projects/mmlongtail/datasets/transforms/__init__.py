"""Transforms that MMPretrain lacks."""

from .compose_digits import ComposeDigits
from .minimalist_crop import MinimalistCrop
from .photometric import PhotoMetricDistortion
from .position_crop import PositionCrop
from .reduced_load import LoadReducedImage
from .side_crop import RandomSideCrop

__all__ = [
    'ComposeDigits',
    'LoadReducedImage',
    'MinimalistCrop',
    'PhotoMetricDistortion',
    'PositionCrop',
    'RandomSideCrop',
]
