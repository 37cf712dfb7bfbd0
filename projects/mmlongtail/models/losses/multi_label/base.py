"""The base of the multi-label losses: the mean over classes."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from ..base import ReducedLoss


class MultiLabelLoss(ReducedLoss):
    """Base of the multi-label losses: means over classes, then over images.

    MMPretrain's heads pass ``avg_factor=B`` and its own losses then sum over classes; the papers take the mean over
    them. Here an image's loss is always the mean over its classes, and ``avg_factor`` only divides the sum
    over images, so that ``avg_factor=B`` gives the mean over images and classes.

    Args:
        reduction: 'mean' over images, 'sum' over images, or 'none' for the (B, K) elements.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown reduction.
    """

    @abstractmethod
    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss of each image and class, (B, K), of logits and targets (B, K) of one floating dtype."""

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """:meth:`elementwise` of targets (B, K), multi-hot or soft labels in [0, 1]."""
        if logits.dim() != 2 or logits.shape != targets.shape:
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must both be (B, K)'
            )
        return self.elementwise(logits, targets.to(logits))
