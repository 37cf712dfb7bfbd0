"""What the single-label losses share: the host's interface, mixed labels, full precision."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from .base import ReducedLoss, full_precision


def softmax_log_odds(logits: Tensor) -> Tensor:
    """``log(p_k / (1 - p_k))`` of the softmax of logits (B, K), without cancellation.

    Cross-entropy of label k is ``softplus(-odds_k)``, and ``softplus(margin - odds_k)`` where the logit of k alone is
    lowered by a margin. So one (B, K) tensor has the losses of all labels that an image could have. A single class has
    odds without end: its loss is 0.
    """
    top = logits.argmax(dim=1, keepdim=True)  # (B, 1)
    total = logits.logsumexp(dim=1, keepdim=True)
    # 1 - p has no digits left where p is near 1: there, and only there, the sum over the other classes is made anew
    without_top = logits.scatter(1, top, torch.finfo(logits.dtype).min).logsumexp(dim=1, keepdim=True)
    share = (logits - total).exp().scatter(1, top, 0)  # (B, K), at most one half
    others = (total + torch.log1p(-share)).scatter(1, top, without_top)
    return logits - others


class SingleLabelLoss(ReducedLoss, ABC):
    """Base of the single-label losses: an image's loss is that of its label, or of its labels by their shares.

    Mixup and CutMix give an image two labels a and b: its loss is ``lam L(a) + (1 - lam) L(b)``, also where L is not
    linear in the label, as with a margin.

    Args:
        reduction: 'mean' over images, 'sum' over images, or 'none' for one loss per image.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown reduction.
    """

    @abstractmethod
    def class_losses(self, logits: Tensor) -> Tensor:
        """The loss that each image would have if each class were its label, (B, K), of logits (B, K)."""

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
            targets: Class ids (B,), or the shares of the classes (B, K), which add up to 1.
            weight: (B,) per image.
            avg_factor: Divides the sum over images instead of their number; only with 'mean'.
            reduction_override: Replaces ``reduction`` in this call.

        Raises:
            ValueError: For shapes that do not fit, an unknown reduction, or ``avg_factor`` with 'sum'.
        """
        reduction = self.reduction_of_call(reduction_override, avg_factor)
        ids = targets.shape == logits.shape[:1] and not targets.is_floating_point()
        if logits.dim() != 2 or not (ids or targets.shape == logits.shape):
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} of {targets.dtype} must be '
                '(B, K) and class ids (B,), or both (B, K)'
            )
        with torch.autocast(logits.device.type, enabled=False):
            losses = self.class_losses(full_precision(logits)) * self.loss_weight  # (B, K)
            if ids:
                loss = losses.gather(1, targets.long()[:, None])[:, 0]  # (B,)
            else:
                loss = (targets.to(losses) * losses).sum(dim=1)
            loss = loss if weight is None else loss * weight.to(loss)
            return loss if reduction == 'none' else self.reduce(loss, reduction, avg_factor)
