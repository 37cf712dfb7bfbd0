"""Changes of color and place for a whole batch, each image by its own amount.

Functions take images (B, C, H, W) uint8 and one value per image, (B,) float64, and give new images. Each follows MMCV's
and OpenCV's function, with its fixed-point coordinates and roundings, so that both give the same image.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from .crop_flip_cutout import cut_out, pixel_value
from .pixel_tables import gray

ONE, SUBPIXELS = 1024, 32  # OpenCV counts places in 1/1024 pixel and interpolates at 1/32 pixel
CUBIC = -0.75  # its parameter of the bicubic kernel


def blend(images: Tensor, other: Tensor, values: Tensor) -> Tensor:
    """(1 + value) images - value other, (B, C, H, W) float32."""
    factor = (1 + values).float()[:, None, None, None]
    return images * factor + other * (1 - factor)


def color(images: Tensor, values: Tensor) -> Tensor:
    """Multiply the distance from the gray image by one plus the value."""
    return blend(images, gray(images), values).round().clamp(0, 255).byte()


def sharpness(images: Tensor, values: Tensor) -> Tensor:
    """Multiply the distance from the smoothed image by one plus the value."""
    pixels = images.float()
    mirrored = F.pad(pixels, (1, 1, 1, 1), mode='reflect')
    rows = mirrored[:, :, :-2] + mirrored[:, :, 1:-1] + mirrored[:, :, 2:]
    smooth = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * pixels
    return blend(pixels, (smooth / 13).round(), values).clamp(0, 255).byte()


def rotation(images: Tensor, values: Tensor) -> Tensor:
    """Clockwise around the center, degrees: the matrices of :func:`warp_nearest`, (B, 2, 3)."""
    angle = torch.deg2rad(values.double())
    cos, sin = angle.cos(), angle.sin()
    y, x = [(side - 1) / 2 for side in images.shape[-2:]]
    rows = [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]
    return torch.stack(rows, 1).view(-1, 2, 3)


def translation(images: Tensor, values: Tensor, direction: str) -> Tensor:
    """To the right or down, by a share of the width or height: the matrices of :func:`warp_nearest`, (B, 2, 3)."""
    matrix = torch.eye(2, 3, dtype=torch.float64, device=images.device).repeat(len(images), 1, 1)
    axis = 0 if direction == 'horizontal' else 1
    matrix[:, axis, 2] = -values * images.shape[-1 - axis]
    return matrix


def warp_nearest(images: Tensor, matrix: Tensor, pad_val: float | Sequence[float] | Tensor) -> Tensor:
    """Take each pixel (x, y) from the one nearest to ``matrix`` (x, y, 1), x to the right, y down: (B, 2, 3)."""
    height, width = images.shape[-2:]
    x, y = [torch.arange(n, device=images.device) for n in (width, height)]
    along = (matrix[:, :, :1] * (x * ONE)).round().int()  # (B, 2, W)
    across = ((matrix[:, :, 1:2] * y + matrix[:, :, 2:]) * ONE).round().int() + ONE // 2  # (B, 2, H)
    place = (across[..., None] + along[:, :, None]) // ONE + 1  # (B, 2, H, W), in the padded images
    x, y = place[:, 0].clamp(0, width + 1), place[:, 1].clamp(0, height + 1)
    index = (y * (width + 2) + x).long().flatten(1)[:, None].expand(-1, images.size(1), -1)
    return padded(images, pad_val, 1).flatten(2).gather(2, index).view(images.shape)


def padded(images: Tensor, pad_val: float | Sequence[float] | Tensor, rows: int) -> Tensor:
    """Images with one column of the fill value on the left and right and ``rows`` of it above and below."""
    batch, channels, height, width = images.shape
    frame = pixel_value(images, pad_val).expand(batch, channels, height + 2 * rows, width + 2).clone()
    frame[:, :, rows : rows + height, 1:-1] = images
    return frame


def shear(images: Tensor, values: Tensor, direction: str, pad_val: float | Sequence[float]) -> Tensor:
    """Rows to the right (or columns down) by the value times their number, bicubic."""
    if direction == 'vertical':
        return shear(images.transpose(2, 3), values, 'horizontal', pad_val).transpose(2, 3).contiguous()
    height, width = images.shape[-2:]
    y, x = [torch.arange(n, device=images.device) for n in (height, width + 3)]
    place = (values[:, None] * (y * -ONE)).round().long() + ONE // SUBPIXELS // 2  # (B, H)
    place = place // (ONE // SUBPIXELS)
    weights = cubic_weights(images.device)[place % SUBPIXELS]  # (B, H, 4)
    index = ((place // SUBPIXELS)[..., None] + x).clamp(0, width + 1)[
        :, None
    ]  # (B, 1, H, W + 3): a row's neighbors
    taps = padded(images, pad_val, 0).gather(3, index.expand(-1, images.size(1), -1, -1)).float()
    sheared = sum(weights[:, None, :, i, None] * taps[..., i : i + width] for i in range(4))
    return sheared.round().clamp(0, 255).byte()


@cache
def cubic_weights(device: torch.device) -> Tensor:
    """Weights of the four neighbors of a place between the second and the third of them, (SUBPIXELS, 4)."""

    def near(t: Tensor) -> Tensor:
        return ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1

    x = torch.arange(SUBPIXELS, device=device) / SUBPIXELS  # from the second one
    first = ((CUBIC * (x + 1) - 5 * CUBIC) * (x + 1) + 8 * CUBIC) * (x + 1) - 4 * CUBIC
    second, third = near(x), near(1 - x)
    return torch.stack([first, second, third, 1 - first - second - third], dim=-1)


def cutout(images: Tensor, values: Tensor, pad_val: float | Sequence[float]) -> Tensor:
    """Fill a square of a whole number of pixels around a uniform place."""
    side = values.floor()
    draws = torch.rand(2, len(images), device=images.device)
    top, left = [(draw * n - side / 2).floor().clamp(min=0) for draw, n in zip(draws, images.shape[-2:])]
    return cut_out(images, top, left, (side[:, None], side[:, None]), pad_val)
