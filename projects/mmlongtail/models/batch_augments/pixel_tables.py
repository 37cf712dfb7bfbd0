"""Changes of single pixel values for a whole batch: each image gets a table of 256 new values.

A table function takes images (B, C, H, W) uint8 and one value per image, (B,), and gives tables (B, C or 1, 256). Each
follows MMCV's function of that name, with its precision and roundings, so that both give the same image.
"""

from __future__ import annotations

import torch
from torch import Tensor


def check_pixels(images: Tensor) -> None:
    """Refuse what are not images of three channels in 256 levels.

    Raises:
        ValueError: If the images are not (B, 3, H, W) uint8.
    """
    if images.dtype != torch.uint8 or images.dim() != 4 or images.size(1) != 3:
        raise ValueError(
            f'images {tuple(images.shape)} of {images.dtype}: (B, 3, H, W) of uint8 are expected'
        )


def levels(images: Tensor) -> Tensor:
    """The values that a pixel can have, (256,) float64."""
    return torch.arange(256, dtype=torch.float64, device=images.device)


def look_up(images: Tensor, tables: Tensor) -> Tensor:
    """Images (B, C, H, W) with each value replaced through its image's table, (B, C, 256) uint8."""
    return tables.gather(2, images.flatten(2).long()).view(images.shape)


def gray(images: Tensor) -> Tensor:
    """Gray values, (B, 1, H, W) int32, by OpenCV's fixed-point weights of blue, green and red, channels in this order.

    The host takes every image for BGR in its color changes, those of CIFAR, which are RGB, too. So does this.
    """
    blue, green, red = images.int().split(1, dim=1)
    return (blue * 3735 + green * 19235 + red * 9798 + 16384) >> 15


def invert(images: Tensor, values: Tensor) -> Tensor:
    """Turn each value into its negative."""
    return (255 - levels(images)).expand(len(images), 1, 256)


def solarize(images: Tensor, values: Tensor) -> Tensor:
    """Turn the values from a threshold on, in gray levels, into their negatives."""
    level, threshold = levels(images), values[:, None, None]
    return torch.where(level < threshold, level, 255 - level)


def solarize_add(images: Tensor, values: Tensor, thr: float) -> Tensor:
    """Brighten the values below the threshold ``thr`` by some gray levels."""
    level = levels(images)
    return torch.where(level < thr, level + values[:, None, None], level)


def posterize(images: Tensor, values: Tensor) -> Tensor:
    """Keep the highest bits only; their number is rounded up."""
    shift = 8 - values.ceil().int()[:, None, None]
    return levels(images).int() >> shift << shift


def brightness(images: Tensor, values: Tensor) -> Tensor:
    """Multiply by one plus the value."""
    return levels(images).float() * (1 + values[:, None, None]).float()


def contrast(images: Tensor, values: Tensor) -> Tensor:
    """Multiply the distance from the mean gray value by one plus the value."""
    mean = gray(images).flatten(1).double().mean(1).round()[:, None, None]
    factor = 1 + values[:, None, None]
    return levels(images).float() * factor.float() + mean.float() * (1 - factor).float()


def auto_contrast(images: Tensor, values: Tensor) -> Tensor:
    """Stretch each channel, so that its darkest and its lightest pixel span the full range."""
    pixels, level = images.flatten(2), levels(images)
    low, high = [x.double()[..., None] for x in (pixels.amin(2), pixels.amax(2))]  # (B, C, 1)
    scale = torch.full_like(low, 255) / (high - low)  # 255 / tensor is rounded twice
    return torch.where(high > low, level * scale + -low * scale, level)


def equalize(images: Tensor, values: Tensor) -> Tensor:
    """Make each channel's histogram flat."""
    pixels = images.flatten(2).long()
    counts = pixels.new_zeros(*images.shape[:2], 256).scatter_add_(2, pixels, torch.ones_like(pixels))
    last = counts.gather(2, pixels.amax(2, keepdim=True))  # pixels of the lightest value, (B, C, 1)
    step = (pixels.size(2) - last) // 255
    table = (counts.cumsum(2) - counts + step // 2) // step.clamp(min=1)
    table[..., 0] = 0
    return torch.where(step > 0, table, torch.arange(256, device=images.device))
