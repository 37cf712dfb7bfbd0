"""Mixup and the like for several views of an image, which keep a common label."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from mmlongtail.structures import BatchLayout


class SharedMix:
    """Mixes all views of an image with the same views of one other image, by the same factor and at the same place.

    Source: the mixup row of Table 4 of NCL++ (Tan et al., 2023), whose copies of an image must agree on its label. The
    views of an image go through the augmentation as the channels of one image.

    Args:
        augment: Maps images (B, C, H, W) and labels (B, K) to mixed ones, such as the host's RandomBatchAugment of
            Mixup and CutMix.
        num_views: Views T of each image.
    """

    def __init__(self, augment: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], num_views: int) -> None:
        self.augment, self.num_views = augment, num_views

    def __call__(self, inputs: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images (T B, C, H, W) and their labels (T B, K), both view after view, and return both."""
        layout = BatchLayout.of_inputs(len(inputs), self.num_views)
        views = layout.split(inputs)[0].transpose(0, 1)  # (B, T, C, H, W)
        mixed, scores = self.augment(views.flatten(1, 2), scores[: layout.images])
        mixed = mixed.unflatten(1, views.shape[1:3]).transpose(0, 1)[None]
        return layout.flatten(mixed), scores.repeat(self.num_views, 1)
