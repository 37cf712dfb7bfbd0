"""Loading at a smaller scale where a large image is resized to few pixels anyway."""

from __future__ import annotations

import cv2
import mmcv
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks

from ..picture_file import jpeg_size

FLAGS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@TRANSFORMS.register_module()
class LoadReducedImage(LoadImageFromFile):
    """Load a color image, a JPEG at a half, a quarter or an eighth of its size where enough pixels are left.

    The decoder then leaves out what it would compute only to be averaged away. An image is the one that
    ``LoadImageFromFile`` gives, averaged over squares of pixels, EXIF's turn included. What is cut out of it later and
    then resized needs its pixels: with ``RandomSideCrop(0.8)`` and ``Resize((128, 128))``, ``least_side`` is 160.

    Args:
        least_side: Pixels of the shorter side that are left at least; smaller images and formats other than JPEG are
            loaded whole.
        **kwargs: What ``LoadImageFromFile`` takes, but ``color_type`` and ``imdecode_backend``.

    Raises:
        ValueError: If ``least_side`` is not a positive whole number.
        AssertionError: If an image does not decode, as of ``LoadImageFromFile``.
    """

    def __init__(self, least_side: int, **kwargs) -> None:
        self.least_side = checks.whole('least_side', least_side)
        super().__init__(color_type='color', imdecode_backend='cv2', **kwargs)

    def transform(self, results: dict) -> dict | None:
        """Load ``results['img_path']``; ``ori_shape`` is the shape in the file."""
        content = fileio.get(results['img_path'], backend_args=self.backend_args)
        size = jpeg_size(content[:65536])
        parts = self.parts(min(size)) if size else 1
        if parts == 1:
            return super().transform(results)
        img = mmcv.imfrombytes(content, flag=FLAGS[parts], backend='cv2')
        if img is None:
            return super().transform(results)  # which says what to do then
        width, height = size if (size[0] >= size[1]) == (img.shape[1] >= img.shape[0]) else size[::-1]
        return dict(results, img=img, img_shape=img.shape[:2], ori_shape=(height, width))

    def parts(self, side: int) -> int:
        """How many pixels of the shorter side become one."""
        return next(n for n in (8, 4, 2, 1) if n == 1 or side >= n * self.least_side)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(least_side={self.least_side}, backend_args={self.backend_args})'
