"""Hard category mining: the label against the classes that score highest (NCL++, Tan et al., 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..base import ReducedLoss, holds_ids
from ..class_counts import ClassCounts
from .base import present_labels

FORMS = ('paper', 'code')
RANKINGS = ('own', 'first', 'random')
check_ratio = partial(checks.number, above=0, at_most=1)


def hard_categories(ranking: Tensor, targets: Tensor, ratio: float, including_label: bool = False) -> Tensor:
    """The label and the highest-scoring other classes of each image, (B, K) bool.

    Source: NCL++ (Tan et al., 2023), eq. (7). At least one class besides a single label is in, where there is one.

    Args:
        ranking: Scores, (B, K).
        targets: Class ids (B,), or (B, K) where every class above 0 is a label.
        ratio: ``round(ratio * K)`` is the number of other classes.
        including_label: Whether that number includes the label, as in the authors' code.

    Raises:
        ValueError: For a ratio outside (0, 1] or targets of another shape.
    """
    check_ratio('ratio', ratio)
    of_label = float('inf' if including_label else '-inf')
    if holds_ids(ranking, targets, 'ranking'):
        ids = targets.long()[:, None]
        mask = torch.zeros_like(ranking, dtype=torch.bool).scatter_(1, ids, True)
        scores = ranking.detach().scatter(1, ids, of_label)
    else:
        mask = targets > 0
        scores = ranking.detach().masked_fill(mask, of_label)
    number = min(max(round(ratio * ranking.size(1)), 1 + including_label), ranking.size(1))
    return mask.scatter_(1, scores.topk(number, dim=1, sorted=False).indices, True)


def hard_log_probs(logits: Tensor, log_prior: Tensor, mask: Tensor, form: str) -> Tensor:
    """Log-probabilities on the hard categories, (..., B, K).

    Source: NCL++ (Tan et al., 2023), eq. (8): 'paper' takes the other classes out of the softmax, so that theirs are
    -inf; 'code' multiplies their logit and prior by 0 as the authors' code does, so that they stay in it.

    Args:
        logits: (..., B, K).
        log_prior: Added to the logits, (K,).
        mask: (B, K) bool.
        form: 'paper' or 'code'.
    """
    if form == 'code':
        return F.log_softmax((logits + log_prior) * mask, dim=-1)
    shift = 1 - mask.to(logits).reciprocal_()  # 0 or -inf; added in a third of the time that filling takes
    return F.log_softmax(logits + shift.add_(log_prior), dim=-1)


@MODELS.register_module()
class HardCategoryLoss(ReducedLoss):
    """``-log p*_y``, the balanced softmax cross-entropy among the hard categories of each image.

    Source: NCL++ (Tan et al., 2023), eqs. (7) to (9). Mixup and the like give an image two labels: both are among its
    hard categories, and the loss is that of each, by its share.

    Args:
        ratio: Hard categories among all classes, in (0, 1].
        form: 'paper', or 'code' for the authors' code: the ratio includes the label, and the other classes stay in the
            softmax with logit and prior 0.
        ranking: Whose scores choose the hard categories: a row's 'own', those of the 'first' expert for all experts,
            or 'random' ones (Fig. 6b), drawn from torch's global generator; 'own', and 'first' in the authors' form,
            unless given.
        balanced: Whether the softmax is that of z + log n; else class counts are not needed.
        class_counts: As in :class:`ClassCounts`; a class without training images counts as one with a single image.
        reduction: 'mean' over images, 'sum' over images, or 'none' for one loss per image.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a ratio outside (0, 1], or an unknown form or ranking.
    """

    def __init__(
        self,
        ratio: float = 0.3,
        form: str = 'paper',
        ranking: str | None = None,
        balanced: bool = True,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.ratio, self.form = check_ratio('ratio', ratio), checks.choice('form', form, FORMS)
        default = 'first' if form == 'code' else 'own'
        self.ranking = checks.choice('ranking', default if ranking is None else ranking, RANKINGS)
        self.balanced = checks.flag('balanced', balanced)

    def ranking_of(self, logits: Tensor) -> Tensor:
        """The scores that choose the hard categories of each row, like logits (E, ..., K) of E experts."""
        if self.ranking == 'random':
            return torch.rand(logits.shape, device=logits.device)
        return logits[:1].expand_as(logits) if self.ranking == 'first' else logits

    def losses(self, logits: Tensor, targets: Tensor, ranking: Tensor | None = None) -> Tensor:
        """The loss of each image, (B,).

        Args:
            logits: (B, K).
            targets: Class ids (B,), or the shares of the classes (B, K), which add up to 1.
            ranking: Scores (B, K) that choose the hard categories; those of :meth:`ranking_of` a single expert
                unless given.

        Raises:
            ValueError: For shapes that do not fit.
        """
        if logits.dim() != 2 or (ranking is not None and ranking.shape != logits.shape):
            shape = None if ranking is None else tuple(ranking.shape)
            raise ValueError(f'logits {tuple(logits.shape)} and ranking {shape} must both be (B, K)')
        ranking = self.ranking_of(logits[None])[0] if ranking is None else ranking
        mask = hard_categories(ranking, targets, self.ratio, self.form == 'code')
        log_prior = self.counts.log(logits) if self.balanced else logits.new_zeros(())
        log_probs = hard_log_probs(logits, log_prior, mask, self.form)
        if targets.dim() == 1:
            return -log_probs.gather(1, targets.long()[:, None])[:, 0]
        labels = present_labels(targets)
        shares = targets.gather(1, labels).to(logits)
        return -(shares * log_probs.gather(1, labels).masked_fill(shares == 0, 0)).sum(dim=1)
