"""What the losses share: the way they are called, their reductions, and full precision."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

REDUCTIONS = ('none', 'mean', 'sum')


class ReducedLoss(nn.Module, ABC):
    """Base of the losses of one set of logits: a subclass gives the losses, and this class reduces them to a number.

    Args:
        reduction: 'mean' over images, 'sum' over images, or 'none' for the losses as they are.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown reduction.
    """

    def __init__(self, reduction: str = 'mean', loss_weight: float = 1.0):
        super().__init__()
        self.reduction = checks.choice('reduction', reduction, REDUCTIONS)
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)

    @abstractmethod
    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss of each image, (B,), or of each label, (B, K), of logits (B, K) in full precision.

        Raises:
            ValueError: For shapes that do not fit.
        """

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
        **more: Tensor,
    ) -> Tensor:
        """The reduced loss, computed in full precision.

        Args:
            logits: (B, K).
            targets: What the images show, as the loss wants it: class ids (B,), or labels or their shares (B, K).
            weight: (B,) per image, or like the losses.
            avg_factor: Divides the sum over images instead of their number; only with 'mean'.
            reduction_override: Replaces ``reduction`` in this call.
            more: What else :meth:`losses` of the subclass takes.

        Raises:
            ValueError: For shapes that do not fit, an unknown reduction, or ``avg_factor`` with 'sum'.
        """
        reduction = checks.choice('reduction', reduction_override or self.reduction, REDUCTIONS)
        if avg_factor is not None and reduction == 'sum':
            raise ValueError(f'avg_factor={avg_factor} needs reduction "mean" or "none", got "sum"')
        with torch.autocast(logits.device.type, enabled=False):
            loss = self.losses(full_precision(logits), targets, **more)
            if weight is not None:
                loss = loss * weight.to(loss).view(*weight.shape, *[1] * (loss.dim() - weight.dim()))
            if reduction != 'none':
                images = 1 if reduction == 'sum' else len(loss) if avg_factor is None else avg_factor
                loss = loss.sum() / (loss.shape[1:].numel() * images)  # a gradient without a pass of its own
            return loss * self.loss_weight


def holds_ids(logits: Tensor, targets: Tensor, name: str = 'logits') -> bool:
    """Whether the targets are class ids (B,), or else values (B, K) like the logits.

    Raises:
        ValueError: If they are neither.
    """
    ids = targets.shape == logits.shape[:1] and not targets.is_floating_point()
    if logits.dim() != 2 or not (ids or targets.shape == logits.shape):
        raise ValueError(
            f'{name} {tuple(logits.shape)} and targets {tuple(targets.shape)} of {targets.dtype} must be '
            '(B, K) and class ids (B,), or both (B, K)'
        )
    return ids
