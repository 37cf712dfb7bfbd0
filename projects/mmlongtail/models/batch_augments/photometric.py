"""Photometric distortion of a whole batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from mmpretrain.registry import BATCH_AUGMENTS, TRANSFORMS
from torch import Tensor, nn

from .pixel_tables import check_pixels


@dataclass(frozen=True)
class Distortion:
    """What each of B images draws: (B, 1, 1, 1) each, but the order of the channels, (B, 3)."""

    brightness: Tensor
    before: Tensor
    hue: Tensor
    saturation: Tensor
    after: Tensor
    channels: Tensor


@BATCH_AUGMENTS.register_module()
class BatchPhotoMetricDistortion(nn.Module):
    """``PhotoMetricDistortion`` for a batch: the same arguments, the same distribution.

    It is made for a GPU, which it takes the distortion to from the loaders' processes, where it is nearly half of the
    work on an image beyond decoding and resizing. Values are rounded once, at the end.

    Args:
        kwargs: Arguments of ``PhotoMetricDistortion``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__()
        self.host = TRANSFORMS.build(dict(type='PhotoMetricDistortion', **kwargs))

    def draw(self, size: int, device: torch.device | str = 'cpu') -> Distortion:
        """What so many images draw; what is not applied is neutral."""
        host, shape = self.host, (size, 1, 1, 1)

        def spread(low: float, high: float, neutral: float) -> Tensor:
            value = torch.empty(shape, device=device).uniform_(low, high)
            return torch.where(torch.rand(shape, device=device) < 0.5, value, neutral)

        contrast = spread(*host.contrast_range, 1.0)
        is_first = torch.rand(shape, device=device) < 0.5
        order = torch.rand(size, 3, device=device).argsort(1)
        swapped = torch.rand(size, 1, device=device) < 0.5 * host.swap_channels
        return Distortion(
            brightness=spread(-host.brightness_delta, host.brightness_delta, 0.0),
            before=torch.where(is_first, contrast, 1.0),
            hue=spread(-host.hue_delta, host.hue_delta, 0.0),
            saturation=spread(*host.saturation_range, 1.0),
            after=torch.where(is_first, 1.0, contrast),
            channels=torch.where(swapped, order, torch.arange(3, device=device)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Distort images (B, 3, H, W) uint8, BGR.

        Raises:
            ValueError: If the images are not uint8 of three channels.
        """
        check_pixels(images)
        return distort(images, self.draw(len(images), images.device))


def distort(images: Tensor, drawn: Distortion) -> Tensor:
    """Images (B, 3, H, W) uint8, BGR, each changed as drawn."""
    pixels = ((images + drawn.brightness) * drawn.before).clamp_(0, 255)
    pixels = shift_color(pixels, drawn.hue, drawn.saturation).mul_(drawn.after)
    rows = torch.arange(len(images), device=images.device)[:, None]
    return pixels.round_().clamp_(0, 255).to(images.dtype)[rows, drawn.channels]


def shift_color(pixels: Tensor, degrees: Tensor, saturation: Tensor) -> Tensor:
    """Turn the hue and scale the saturation, which stays at most 1.

    In HSV, a channel is V - C max(0, min(k, 4 - k, 1)), with the largest channel V, the chroma C and the distance k
    of the hue from a place of the channel's own, in sixths of the circle.

    Args:
        pixels: (B, 3, H, W) float, BGR.
        degrees: Change of hue, (B, 1, 1, 1).
        saturation: Factor of the saturation, (B, 1, 1, 1), 0 or more.
    """
    blue, green, red = pixels.split(1, dim=1)
    largest = pixels.amax(1, keepdim=True)
    chroma = largest - pixels.amin(1, keepdim=True)
    hue = torch.where(largest == green, 2 * chroma + blue - red, 4 * chroma + red - green)
    hue = torch.where(largest == red, green - blue, hue) / chroma.clamp(min=1e-6) + degrees / 60
    place = torch.tensor([1.0, 3.0, 5.0], device=pixels.device).view(3, 1, 1)
    k = (hue + place).remainder_(6)
    return largest - (chroma * saturation).minimum(largest) * torch.minimum(k, 4 - k).clamp_(0, 1)
