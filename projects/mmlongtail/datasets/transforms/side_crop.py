"""The random crop of the long-tailed multi-label papers."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks


@TRANSFORMS.register_module()
class RandomSideCrop(BaseTransform):
    """Cut out a random window whose width and height are drawn independently of each other.

    Source: the training code of Wu et al., Distribution-Balanced Loss, ECCV 2020 (at least 0.8 of each side).

    Required key: ``img``, (H, W) or (H, W, C). Modified keys: ``img``, ``img_shape``.

    Args:
        min_side: Smallest part of a side that is kept, 0 < min_side <= 1.

    Raises:
        ValueError: If ``min_side`` is outside that range.
    """

    def __init__(self, min_side: float = 0.8):
        self.min_side = checks.number('min_side', min_side, above=0, at_most=1)

    @cache_randomness
    def _window(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw top, left, height and width of the window, in pixels."""
        kept = [max(1, round(side * np.random.uniform(self.min_side, 1))) for side in (height, width)]
        top, left = (np.random.randint(0, side - k + 1) for side, k in zip((height, width), kept))
        return top, left, kept[0], kept[1]

    def transform(self, results: dict) -> dict:
        """Crop ``results['img']``."""
        top, left, height, width = self._window(*results['img'].shape[:2])
        results['img'] = results['img'][top : top + height, left : left + width]
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(min_side={self.min_side})'
