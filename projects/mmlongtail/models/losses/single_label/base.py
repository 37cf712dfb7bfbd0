"""The base of the single-label losses: class ids and mixed labels."""

from __future__ import annotations

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..base import ReducedLoss, holds_ids

MIXED = 2  # labels that Mixup and CutMix give an image at most


class SingleLabelLoss(ReducedLoss):
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
    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss that each image would have with each of its M labels, (B, M).

        Args:
            logits: (B, K).
            labels: Class ids, (B, M), all different within an image.
        """

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss of each image, (B,), of class ids (B,) or of shares of the classes (B, K), which add up to 1."""
        if holds_ids(logits, targets):
            return self.label_losses(logits, targets.long()[:, None])[:, 0]
        labels = present_labels(targets)
        return (targets.gather(1, labels).to(logits) * self.label_losses(logits, labels)).sum(dim=1)


def present_labels(shares: Tensor) -> Tensor:
    """Ids (B, M) that have all classes whose share (B, K) is not 0: as many as the fullest image needs, or all K."""
    values, ids = shares.topk(min(MIXED + 1, shares.size(1)), dim=1)
    most = int(values.any(dim=0).sum())
    if most > MIXED:
        return torch.arange(shares.size(1), device=shares.device).expand_as(shares)
    return ids[:, : max(most, 1)]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """``-log softmax(logits)`` of logits (B, K) at the labels (B, M)."""
    return -F.log_softmax(logits, dim=1).gather(1, labels)


def log_odds(logits: Tensor, labels: Tensor, scale: float = 1.0, shift: Tensor | None = None) -> Tensor:
    """``log(p / (1 - p))`` of the softmax of ``scale * logits + shift`` at the labels, without cancellation, (B, M).

    Cross-entropy of a label is ``softplus(-odds)``, and ``softplus(margin - odds)`` where the label's logit alone is
    lowered by a margin. A single class has odds without end: its loss is 0.

    Args:
        logits: (B, K).
        labels: Class ids, (B, M), all different within an image.
        scale: A factor; given here, it costs less than a step of autograd's.
        shift: (B, K), without gradient.
    """
    if labels.size(1) > MIXED:
        return softmax_log_odds(_shifted(logits, scale, shift)).gather(1, labels)
    own, rest = _OwnAndRest.apply(logits, labels, scale, shift)
    others = (
        rest if labels.size(1) == 1 else torch.logaddexp(rest, own.flip(1))
    )  # each label is the other's rival
    return own - others


def _shifted(logits: Tensor, scale: float, shift: Tensor | None) -> Tensor:
    return logits * scale if shift is None else torch.add(shift, logits, alpha=scale)


class _OwnAndRest(torch.autograd.Function):
    """Logits (B, M) of the labels, and the logsumexp (B, 1) of all others; autograd's own steps take twice the time."""

    @staticmethod
    def forward(
        ctx, logits: Tensor, labels: Tensor, scale: float, shift: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        others = _shifted(logits, scale, shift)
        own = others.gather(1, labels)
        others.scatter_(1, labels, torch.finfo(logits.dtype).min)
        softmax = others.softmax(dim=1)
        ctx.save_for_backward(softmax, labels)
        ctx.scale = scale
        # the highest logit's share tells the sum over all
        return own, others.amax(dim=1, keepdim=True) - softmax.amax(dim=1, keepdim=True).log()

    @staticmethod
    @once_differentiable
    def backward(ctx, of_own: Tensor, of_rest: Tensor) -> tuple[Tensor, None, None, None]:
        softmax, labels = ctx.saved_tensors
        of_logits = softmax * (of_rest * ctx.scale)
        return of_logits.scatter_add_(1, labels, of_own * ctx.scale), None, None, None


def softmax_log_odds(logits: Tensor) -> Tensor:
    """:func:`log_odds` of all classes, (B, K)."""
    top = logits.argmax(dim=1, keepdim=True)  # (B, 1)
    total = logits.logsumexp(dim=1, keepdim=True)
    # 1 - p has no digits left where p is near 1: there, and only there, the sum over the other classes is made anew
    without_top = logits.scatter(1, top, torch.finfo(logits.dtype).min).logsumexp(dim=1, keepdim=True)
    share = (logits - total).exp().scatter(1, top, 0)  # (B, K), at most one half
    others = (total + torch.log1p(-share)).scatter(1, top, without_top)
    return logits - others
