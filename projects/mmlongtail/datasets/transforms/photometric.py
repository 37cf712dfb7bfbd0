"""Photometric distortion of SSD, as the long-tailed multi-label papers train with it."""

from functools import partial

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks

from .color_planes import scale_and_shift, shift_color, split


@TRANSFORMS.register_module()
class PhotoMetricDistortion(BaseTransform):
    """Shift brightness and hue, scale contrast and saturation, each with probability one half.

    Source: Liu et al., SSD: Single Shot MultiBox Detector, ECCV 2016; the settings of Wu et al., Distribution-Balanced
    Loss, ECCV 2020. Contrast comes before or after the color change with equal chance. Everything is done on the planes
    in uint8 arithmetic that saturates, so no sum can wrap around, whatever the numpy version; the way through 8-bit HSV
    would take three times as long and miss the hue by several levels.

    Each pixel is changed for itself, so it costs least after the image is resized. Put before a resize, it gives the
    same up to roundings and to values that are clipped; only the first of the two orders is tested for speed.

    Required and modified key: ``img``, (H, W, 3) uint8, BGR. The result lies in memory plane after plane, as the model
    wants it, so that ``PackInputs`` copies nothing.

    Args:
        brightness_delta: Largest shift of brightness, in gray levels (0 ... 255).
        contrast_range: Smallest and largest factor of contrast.
        saturation_range: Smallest and largest factor of saturation.
        hue_delta: Largest shift of hue, in degrees (0 ... 180).
        swap_channels: Whether the color channels are permuted too, with probability one half.

    Raises:
        ValueError: If a delta or a range is not one of those above, or an image is not (H, W, 3) uint8.
    """

    def __init__(
        self,
        brightness_delta: float = 32,
        contrast_range: tuple[float, float] = (0.5, 1.5),
        saturation_range: tuple[float, float] = (0.5, 1.5),
        hue_delta: float = 18,
        swap_channels: bool = False,
    ):
        self.brightness_delta = checks.number('brightness_delta', brightness_delta, at_least=0, at_most=255)
        self.contrast_range = _check_range('contrast_range', contrast_range)
        self.saturation_range = _check_range('saturation_range', saturation_range)
        self.hue_delta = checks.number('hue_delta', hue_delta, at_least=0, at_most=180)
        self.swap_channels = checks.flag('swap_channels', swap_channels)

    @cache_randomness
    def _draw(self) -> dict:
        """Draw every parameter; what is not applied is neutral (shift 0, factor 1, channels in order)."""
        bright, contrasted, saturated, hued, swapped = np.random.rand(5) < 0.5
        shift = np.random.uniform(-self.brightness_delta, self.brightness_delta)
        contrast = np.random.uniform(*self.contrast_range)
        saturation = np.random.uniform(*self.saturation_range)
        hue = np.random.uniform(-self.hue_delta, self.hue_delta)
        contrast_first, order = np.random.rand() < 0.5, np.random.permutation(3)
        return dict(
            brightness=shift if bright else 0.0,
            contrast=contrast if contrasted else 1.0,
            saturation=saturation if saturated else 1.0,
            hue=hue if hued else 0.0,
            contrast_first=contrast_first,
            channels=order if self.swap_channels and swapped else np.arange(3),
        )

    def transform(self, results: dict) -> dict:
        """Distort ``results['img']``; the image given is not changed in place."""
        img = results['img']
        if img.dtype != np.uint8 or img.ndim != 3 or img.shape[2] != 3:
            raise ValueError(f'img of shape {img.shape} and type {img.dtype}: (H, W, 3) uint8 is expected')
        drawn = self._draw()
        before, after = (drawn['contrast'], 1.0) if drawn['contrast_first'] else (1.0, drawn['contrast'])
        planes = scale_and_shift(split(img), before, drawn['brightness'] * before)
        planes = shift_color(planes, drawn['hue'], drawn['saturation'], after)
        results['img'] = np.stack([planes[channel] for channel in drawn['channels']]).transpose(1, 2, 0)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(brightness_delta={self.brightness_delta}, contrast_range={self.contrast_range}, '
            f'saturation_range={self.saturation_range}, hue_delta={self.hue_delta}, '
            f'swap_channels={self.swap_channels})'
        )


def _check_range(name: str, value: tuple[float, float]) -> tuple[float, float]:
    """Two ascending numbers, 0 or more."""
    least, largest = checks.sequence(name, value, partial(checks.number, at_least=0), length=2)
    return (least, largest) if least <= largest else checks.refuse(name, value, 'two ascending numbers')
