"""Loading from a cache of decoded images."""

from __future__ import annotations

from mmcv.transforms import BaseTransform
from mmpretrain.datasets import ResizeEdge

from ..picture_cache import PictureCache


class CachedLoad(BaseTransform):
    """Loads and shrinks an image once; afterwards its pixels come from the cache.

    Args:
        load: The transform that loads it.
        shrink: The one that resizes it, if its shorter side is longer than ``shrink.scale``; None for no one.
        cache: Where images are kept under their ``sample_idx``.
    """

    def __init__(self, load: BaseTransform, shrink: ResizeEdge | None, cache: PictureCache) -> None:
        self.load, self.shrink, self.cache = load, shrink, cache

    def transform(self, results: dict) -> dict | None:
        """Set ``img``, ``img_shape`` and ``ori_shape``, as ``load`` does."""
        stored = self.cache.read(results['sample_idx'])
        if stored is not None:
            img, ori_shape = stored
            return dict(results, img=img, img_shape=img.shape[:2], ori_shape=ori_shape)
        results = self.load(results)
        if results is None:
            return None
        if self.shrink is not None and min(results['img'].shape[:2]) > self.shrink.scale:
            img = self.shrink(dict(img=results['img']))['img']
            results.update(img=img, img_shape=img.shape[:2])
        self.cache.write(results['sample_idx'], results['img'], results['ori_shape'])
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(load={self.load}, shrink={self.shrink})'
