"""Mutual distillation of experts or of augmented copies (NCL++, Tan et al., 2023)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from .base import full_precision
from .class_counts import ClassCounts
from .hard_categories import checked_form, checked_ratio, hard_categories, hard_log_probs
from .pairwise_kl import GRADIENTS, pairwise_kl

RANKINGS = ('mean', 'first')


class PeerLoss(nn.Module, ABC):
    """Base of the losses that let n peers learn from each other: on all classes, and on the hard ones of each image.

    Args:
        hard_ratio: Hard categories among all classes, in (0, 1]; 0 or None leaves the hard part out.
        full: Whether the part on all classes is in.
        gradient: 'both', or only into the 'first' or 'second' argument of each divergence.
        ranking: Which logits choose the one set of hard categories that all peers share: the 'mean' over the peers or
            those of the 'first' peer.
        loss_weight: The lambda of eq. (14).

    Raises:
        ValueError: For an unknown name, a ratio outside [0, 1], or neither part.
    """

    including_label = False

    def __init__(
        self,
        hard_ratio: float | None = 0.3,
        full: bool = True,
        gradient: str = 'both',
        ranking: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__()
        for name, value, known in (('gradient', gradient, GRADIENTS), ('ranking', ranking, RANKINGS)):
            if value not in known:
                raise ValueError(f'{name} is {value!r}, expected one of {known}')
        if not full and not hard_ratio:
            raise ValueError(
                f'full={full} and hard_ratio={hard_ratio} leave nothing: at least one must be on'
            )
        self.hard_ratio = checked_ratio('hard_ratio', hard_ratio) if hard_ratio else 0
        self.full, self.gradient, self.ranking, self.loss_weight = full, gradient, ranking, loss_weight

    @abstractmethod
    def full_part(self, logits: Tensor) -> Tensor:
        """Divergence on all classes, summed over the ordered pairs, (B,), of logits (n, B, K)."""

    @abstractmethod
    def hard_part(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Divergence on the classes of the mask (B, K), summed over the ordered pairs, (B,), of logits (n, B, K)."""

    def ranking_of(self, logits: Tensor) -> Tensor:
        """The scores that choose the hard categories, (B, K), of logits (n, B, K)."""
        return logits[0] if self.ranking == 'first' else full_precision(logits).mean(dim=0)

    def forward(self, logits: Tensor, targets: Tensor, ranking: Tensor | None = None) -> Tensor:
        """``2 / (n (n - 1))`` times the sum over the ordered pairs, mean over images; 0 for n = 1 or B = 0.

        Args:
            logits: (n, B, K).
            targets: Class ids (B,), or (B, K) where every class above 0 is a label.
            ranking: Scores (B, K) that choose the hard categories instead of the peers' own.

        Raises:
            ValueError: For shapes that do not fit.
        """
        if logits.dim() != 3 or not len(logits) or targets.shape not in (logits.shape[1:2], logits.shape[1:]):
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must be (n, B, K) and class ids '
                '(B,) or labels (B, K)'
            )
        if ranking is not None and ranking.shape != logits.shape[1:]:
            raise ValueError(
                f'ranking {tuple(ranking.shape)} must be (B, K) as in logits {tuple(logits.shape)}'
            )
        n, images = logits.shape[:2]
        with torch.autocast(logits.device.type, enabled=False):
            logits = full_precision(logits)
            if n == 1:
                return logits.sum() * 0
            pairs = self.full_part(logits) if self.full else 0  # (B,)
            if self.hard_ratio:
                ranking = self.ranking_of(logits) if ranking is None else ranking
                mask = hard_categories(ranking, targets, self.hard_ratio, self.including_label)
                pairs = pairs + self.hard_part(logits, mask)
            return self.loss_weight * 2 / (n * (n - 1)) * pairs.sum() / max(images, 1)


@MODELS.register_module()
class PeerDistillationLoss(ClassCounts, PeerLoss):
    """Divergence of the balanced probabilities of all pairs of peers, on all classes and on the hard ones.

    Source: NCL++ (Tan et al., 2023), eqs. (4), (11) and (12) where the peers are experts, and (5), (6) and (13) for
    one expert where they are augmented copies. The paper does not say whose hard categories a pair is compared
    on; here one set per image serves all peers.

    Args:
        balanced: Whether the probabilities are softmax(z + log n); else class counts are not needed.
        form: 'paper', or 'code' for the authors' code, as in :class:`HardCategoryLoss`; their code also has
            ``ranking='first'``.
        class_counts: As in :class:`ClassCounts`; a class without training images counts as one with a single image.
        kwargs: Arguments of :class:`PeerLoss`.

    Raises:
        ValueError: For an unknown form and as :class:`PeerLoss`.
    """

    def __init__(
        self,
        balanced: bool = True,
        form: str = 'paper',
        class_counts: Sequence[int] | None = None,
        **kwargs,
    ):
        super().__init__(class_counts, **kwargs)
        self.balanced, self.form = balanced, checked_form(form)
        self.including_label = form == 'code'

    def full_part(self, logits: Tensor) -> Tensor:
        """Eq. (4) or (5) without its factor."""
        return pairwise_kl(F.log_softmax(logits + self.log_prior(logits), dim=-1), self.gradient)

    def hard_part(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Eq. (11) without its factor."""
        log_probs = hard_log_probs(logits, self.log_prior(logits), mask, self.form)
        return pairwise_kl(log_probs, self.gradient, mask if self.form == 'paper' else None)

    def log_prior(self, logits: Tensor) -> Tensor:
        """``log n``, (K,), or 0 without balancing."""
        return self.seen_counts(logits[0]).log() if self.balanced else logits.new_zeros(())
