"""What the losses share: the host's interface and reductions, full precision; multi-label: the mean over classes."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

REDUCTIONS = ('none', 'mean', 'sum')


class ReducedLoss(nn.Module):
    """A loss per image and what becomes of it.

    Args:
        reduction: 'mean' over images, 'sum' over images, or 'none'.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown reduction.
    """

    def __init__(self, reduction: str = 'mean', loss_weight: float = 1.0):
        super().__init__()
        self.reduction = checks.choice('reduction', reduction, REDUCTIONS)
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)

    def reduction_of_call(self, override: str | None, avg_factor: float | None) -> str:
        """The reduction of one call.

        Raises:
            ValueError: For an unknown one, or ``avg_factor`` with 'sum'.
        """
        reduction = checks.choice('reduction', override or self.reduction, REDUCTIONS)
        if avg_factor is not None and reduction == 'sum':
            raise ValueError(f'avg_factor={avg_factor} needs reduction "mean" or "none", got "sum"')
        return reduction

    @staticmethod
    def reduce(per_image: Tensor, reduction: str, avg_factor: float | None) -> Tensor:
        """The 'mean' or 'sum' of losses (B,); ``avg_factor`` divides the sum instead of their number."""
        if reduction == 'mean' and avg_factor is None:
            return per_image.mean()
        return per_image.sum() / (1 if avg_factor is None else avg_factor)


class MultiLabelLoss(ReducedLoss, ABC):
    """Base of the multi-label losses: means over classes, then over images, in full precision.

    MMPretrain's heads pass ``avg_factor=B`` and its own losses then sum over classes; the papers mean over
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

    def scalars(self) -> dict[str, Tensor]:
        """Named scalars worth a line in the log, such as means of learned parameters."""
        return {}

    def forward(
        self,
        logits: Tensor,
        targets: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """The reduced loss.

        Args:
            logits: (B, K).
            targets: (B, K), multi-hot or soft labels in [0, 1].
            weight: (B,) per image or (B, K) per element.
            avg_factor: Divides the sum over images instead of their number; only with 'mean'.
            reduction_override: Replaces ``reduction`` in this call.

        Raises:
            ValueError: For shapes that do not fit, an unknown reduction, or ``avg_factor`` with 'sum'.
        """
        reduction = self.reduction_of_call(reduction_override, avg_factor)
        if logits.dim() != 2 or logits.shape != targets.shape:
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must both be (B, K)'
            )
        with torch.autocast(logits.device.type, enabled=False):
            logits = full_precision(logits)
            loss = self.elementwise(logits, targets.to(logits)) * self.loss_weight  # (B, K)
            if weight is not None:
                loss = loss * (weight[:, None] if weight.dim() == 1 else weight).to(loss)
            if reduction == 'none':
                return loss
            return self.reduce(loss.mean(dim=1), reduction, avg_factor)
