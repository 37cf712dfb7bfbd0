"""Crop, flip and cutout of a whole batch, each image at its own random place."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.registry import BATCH_AUGMENTS
from torch import Tensor, nn
from torch.nn import functional as F

from mmlongtail.structures import checks


def pixel_value(images: Tensor, pad_val: float | Sequence[float] | Tensor) -> Tensor:
    """A fill value, one number, one per channel or a tensor (B, C, 1, 1), as a tensor that broadcasts with images."""
    value = torch.as_tensor(pad_val, device=images.device).to(images.dtype)
    return value if value.dim() == 4 else value.reshape(1, -1, 1, 1)


def crop(images: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """A window of each image: (B, C, height, width) of images (B, C, H, W) from ``top`` and ``left``, (B,) each."""
    windows = images.unfold(2, height, 1).unfold(
        3, width, 1
    )  # a view, (B, C, offsets, offsets, height, width)
    return windows[torch.arange(len(images), device=images.device), :, top, left]


@BATCH_AUGMENTS.register_module()
class BatchRandomCrop(nn.Module):
    """Pads each image with a constant and crops a window at a uniform place: the host's ``RandomCrop`` for a batch.

    Args:
        padding: Pixels added on each side.
        crop_size: Side of the window in pixels; the images' own height and width unless given.
        pad_val: Value of the added pixels.

    Raises:
        ValueError: If ``padding`` is negative, or a batch is smaller than the window.
    """

    def __init__(self, padding: int = 0, crop_size: int | None = None, pad_val: float = 0) -> None:
        super().__init__()
        self.padding = checks.whole('padding', padding, at_least=0)
        self.crop_size = checks.whole('crop_size', crop_size, optional=True)
        self.pad_val = checks.number('pad_val', pad_val)

    def forward(self, images: Tensor) -> Tensor:
        """Crop a window of each of the images (B, C, H, W)."""
        padded = F.pad(images, [self.padding] * 4, value=self.pad_val)
        height, width = [self.crop_size or side for side in images.shape[-2:]]
        rooms = padded.shape[-2] - height, padded.shape[-1] - width
        if min(rooms) < 0:
            raise ValueError(
                f'crop_size={self.crop_size}: at most the {padded.shape[-2]} x {padded.shape[-1]} pixels of a padded '
                'image are expected'
            )
        places = [torch.randint(room + 1, images.shape[:1], device=images.device) for room in rooms]
        return crop(padded, *places, height, width)


@BATCH_AUGMENTS.register_module()
class BatchRandomFlip(nn.Module):
    """Mirrors each image left to right with a probability: the host's ``RandomFlip`` for a batch.

    Args:
        prob: Probability of a flip.

    Raises:
        ValueError: If ``prob`` lies outside [0, 1].
    """

    def __init__(self, prob: float = 0.5) -> None:
        super().__init__()
        self.prob = checks.share('prob', prob)

    def forward(self, images: Tensor) -> Tensor:
        """Mirror some of the images (B, C, H, W)."""
        flipped = torch.rand(len(images), device=images.device) < self.prob
        rows = torch.arange(len(images), device=images.device) + flipped * len(images)
        return torch.cat([images, images.flip(-1)]).index_select(0, rows)  # a third of torch.where's time


def cut_out(
    images: Tensor, top: Tensor, left: Tensor, size: tuple, pad_val: float | Sequence[float]
) -> Tensor:
    """Images (B, C, H, W) with a rectangle of ``size`` (height, width) filled, from ``top`` and ``left``, (B,) each."""
    inside = []
    for start, side, length in zip((top, left), size, images.shape[-2:]):
        place = torch.arange(length, device=images.device)
        inside.append((place >= start[:, None]) & (place < start[:, None] + side))  # (B, length)
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]  # (B, 1, H, W)
    return torch.where(hole, pixel_value(images, pad_val), images)


@BATCH_AUGMENTS.register_module()
class BatchCutout(nn.Module):
    """Fills a square around a uniform place in each image: the host's ``Cutout`` for a batch.

    Args:
        shape: Side of the square, or its height and width, in pixels.
        pad_val: Fill value, one number or one per channel.
        prob: Probability of an image to be cut.
        overhang: Whether the square may hang over the upper and left edges too, as over the others (DeVries & Taylor,
            2017, and the long-tail papers' code); the host pushes it inside there.

    Raises:
        ValueError: If ``shape`` is not positive or ``prob`` lies outside [0, 1].
    """

    def __init__(
        self,
        shape: int | tuple[int, int],
        pad_val: float | Sequence[float] = 128,
        prob: float = 0.5,
        overhang: bool = False,
    ) -> None:
        super().__init__()
        sides = (shape, shape) if isinstance(shape, int) else shape
        self.size = checks.sequence('shape', sides, checks.whole, length=2)
        if isinstance(pad_val, Sequence):
            self.pad_val = checks.sequence('pad_val', pad_val, checks.number, at_least=1)
        else:
            self.pad_val = checks.number('pad_val', pad_val)
        self.prob, self.overhang = checks.share('prob', prob), checks.flag('overhang', overhang)

    def forward(self, images: Tensor) -> Tensor:
        """Cut some of the images (B, C, H, W)."""
        draws = torch.rand(3, len(images), device=images.device)
        starts = []
        for draw, side, length in zip(draws, self.size, images.shape[-2:]):
            start = (draw * length - side / 2).floor()
            starts.append(start if self.overhang else start.clamp(min=0))
        starts[0] = starts[0].masked_fill(draws[2] >= self.prob, images.shape[-2])  # below the image: no hole
        return cut_out(images, *starts, self.size, self.pad_val)
