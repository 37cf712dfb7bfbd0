"""Paint the image of a demo sample: real handwritten digits in colored ink on a noisy ground."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks

INK_HUES = dict(red=0, green=120, blue=240)  # degrees
MAX_DIGITS = 4  # one per quarter of the image, so no digit hides another


@lru_cache(maxsize=1)
def handwritten_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 handwritten digits inside scikit-learn: ink in [0, 1], (1797, 8, 8) float32, and digits, (1797,).

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part), CC BY 4.0.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images / 16).astype(np.float32), data.target


def _bgr(hue: float, saturation: float, value: float) -> np.ndarray:
    """A color of hue in degrees, saturation and value in [0, 1] as (3,) gray levels in [0, 255]."""
    pixel = np.array([[[hue % 360, saturation, value]]], np.float32)
    return 255 * cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0]


@TRANSFORMS.register_module()
class ComposeDigits(BaseTransform):
    """Stand in for reading a file: the image follows from the sample's own ``seed`` alone, and is always the same.

    Each digit lies in a cell of its own, at a random place and size, in ink of a random shade of its color.

    Required keys: ``digits``, indices into :func:`handwritten_digits`, (n,), n <= 4; ``inks``, keys of
    ``INK_HUES``, (n,); ``seed``. Added keys: ``img``, (size, size, 3) uint8, BGR as the host's file loader gives
    it; ``img_shape``; ``ori_shape``.

    Args:
        size: Side of the image, pixels, a multiple of ``across``, at least 10 for each.
        noise: Standard deviation of the pixel noise, gray levels.
        hue_jitter: Largest deviation of an ink from its color, degrees.
        across: Cells side by side: 2 for quarters, 1 for one digit that fills the image.

    Raises:
        ValueError: If an argument is out of range, or a sample has more digits than the image has cells.
    """

    def __init__(self, size: int = 32, noise: float = 12, hue_jitter: float = 20, across: int = 2):
        self.across = checks.whole('across', across, at_most=2)
        if checks.whole('size', size, at_least=10 * across) % across:
            checks.refuse('size', size, f'a multiple of across={across}')
        self.size = size
        self._composed = {}  # an image is the same each time, and small: a run composes it once
        self.noise = checks.number('noise', noise, at_least=0)
        # colors do not overlap
        self.hue_jitter = checks.number('hue_jitter', hue_jitter, at_least=0, below=60)

    def transform(self, results: dict) -> dict:
        """Compose ``results['img']``."""
        digits, inks = results['digits'], results['inks']
        if not len(digits) == len(inks) <= self.across**2:
            raise ValueError(
                f'digits={digits}, inks={inks}: one ink per digit, {self.across**2} at most, are expected'
            )
        key = (tuple(digits), tuple(inks), results['seed'])
        if key not in self._composed:
            self._composed[key] = self._compose(digits, inks, results['seed'])
        results['img'] = self._composed[key].copy()
        results['img_shape'] = results['ori_shape'] = results['img'].shape[:2]
        return results

    def _compose(self, digits: Sequence[int], inks: Sequence[str], seed: int) -> np.ndarray:
        """The image, (size, size, 3) uint8."""
        rng = np.random.default_rng(seed)
        image = self._ground(rng)
        for cell, digit, ink in zip(rng.permutation(self.across**2), digits, inks):
            self._write(image, cell, digit, ink, rng)
        image += self.noise * rng.standard_normal(image.shape, np.float32)
        return image.clip(0, 255).astype(np.uint8)

    def _ground(self, rng: np.random.Generator) -> np.ndarray:
        """A dull ground that fades between random colors in the four corners."""
        corners = rng.uniform(10, 80, (2, 2, 3)).astype(np.float32)
        return cv2.resize(corners, (self.size, self.size), interpolation=cv2.INTER_LINEAR)

    def _write(self, image: np.ndarray, cell: int, digit: int, ink: str, rng: np.random.Generator) -> None:
        """Write one digit into a cell of the image, in place."""
        length = self.size // self.across
        side = rng.integers(round(0.65 * length), round(0.9 * length), endpoint=True)
        top, left = rng.integers(0, length - side, 2, endpoint=True) + length * np.array(
            divmod(cell, self.across)
        )
        cover = cv2.resize(handwritten_digits()[0][digit], (int(side), int(side)))[..., None]
        shade = _bgr(
            INK_HUES[ink] + rng.uniform(-self.hue_jitter, self.hue_jitter),
            rng.uniform(0.5, 1),
            rng.uniform(0.6, 1),
        )
        window = image[top : top + side, left : left + side]
        window += cover * (shade - window)

    def __repr__(self) -> str:
        arguments = (
            f'size={self.size}, noise={self.noise}, hue_jitter={self.hue_jitter}, across={self.across}'
        )
        return f'{type(self).__name__}({arguments})'
