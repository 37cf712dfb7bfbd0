"""A crop at a named place, five of which are the five crops of a test."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks

POSITIONS = dict(  # share of the free rows above and of the free columns on the left
    center=(0.5, 0.5),
    top_left=(0.0, 0.0),
    top_right=(0.0, 1.0),
    bottom_left=(1.0, 0.0),
    bottom_right=(1.0, 1.0),
)


@TRANSFORMS.register_module()
class PositionCrop(BaseTransform):
    """Cut a square out of the center or of a corner.

    Required key: ``img``, (H, W) or (H, W, C), at least as large as the square. Modified keys: ``img``, ``img_shape``.

    Args:
        crop_size: Side of the square in pixels.
        position: 'center', 'top_left', 'top_right', 'bottom_left' or 'bottom_right'.

    Raises:
        ValueError: For another position, or a picture that is smaller.
    """

    def __init__(self, crop_size: int, position: str = 'center'):
        self.crop_size = checks.whole('crop_size', crop_size)
        self.position = checks.choice('position', position, POSITIONS)

    def transform(self, results: dict) -> dict:
        """Crop ``results['img']``."""
        size, (height, width) = self.crop_size, results['img'].shape[:2]
        if min(height, width) < size:
            raise ValueError(
                f'crop_size is {size}, but the picture has {height} x {width} pixels: resize it before'
            )
        top, left = (
            round(share * (side - size)) for share, side in zip(POSITIONS[self.position], (height, width))
        )
        results['img'] = np.ascontiguousarray(results['img'][top : top + size, left : left + size])
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(crop_size={self.crop_size}, position={self.position!r})'
