"""Mutual distillation of experts or of augmented copies (NCL++, Tan et al., 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from ..single_label.hard_categories import FORMS, hard_log_probs
from .pairwise_kl import pairwise_kl
from .peer_loss import PeerLoss


@MODELS.register_module()
class PeerDistillationLoss(PeerLoss):
    """Divergence of the balanced probabilities of all pairs of peers, on all classes and on the hard ones.

    Source: NCL++ (Tan et al., 2023), eqs. (4), (11) and (12) where the peers are experts, and (5), (6) and (13) for
    one expert where they are augmented copies. The paper does not say whose hard categories a pair is compared
    on; here one set per image serves all peers.

    Args:
        balanced: Whether the probabilities are softmax(z + log n); else class counts are not needed.
        form: 'paper', with p* on the hard categories; or 'code' for the authors' code: the number of hard categories
            includes the label, and the hard part is the part of the divergence on all classes that they make up,
            ``sum_(j in M) p_j (log p_j - log q_j)``.
        ranking: As in :class:`PeerLoss`; 'mean', and 'first' in the authors' form, unless given.
        class_counts: As in :class:`ClassCounts`; a class without training images counts as one with a single image.
        hard_ratio: As in :class:`PeerLoss`, and so are ``full``, ``gradient``, ``loss_weight`` and ``ramp``.

    Raises:
        ValueError: For an unknown form and as :class:`PeerLoss`.
    """

    def __init__(
        self,
        balanced: bool = True,
        form: str = 'paper',
        ranking: str | None = None,
        class_counts: Sequence[int] | None = None,
        hard_ratio: float | None = 0.3,
        full: bool = True,
        gradient: str = 'both',
        loss_weight: float = 1.0,
        ramp: float = 0.0,
    ):
        default = 'first' if form == 'code' else 'mean'
        ranking = default if ranking is None else ranking
        super().__init__(hard_ratio, full, gradient, ranking, loss_weight, ramp)
        self.counts = ClassCounts(class_counts)
        self.balanced, self.form = checks.flag('balanced', balanced), checks.choice('form', form, FORMS)
        self.including_label = form == 'code'

    def full_part(self, logits: Tensor) -> Tensor:
        """Eq. (4) or (5) without its factor."""
        return pairwise_kl(self.log_probs(logits), self.gradient)

    def hard_part(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Eq. (11) without its factor."""
        if self.form == 'code':
            return pairwise_kl(self.log_probs(logits), self.gradient, mask)
        return pairwise_kl(
            hard_log_probs(logits, self.log_prior(logits), mask, self.form), self.gradient, mask
        )

    def log_probs(self, logits: Tensor) -> Tensor:
        """Logarithms of eq. (2), like logits (n, B, K)."""
        return F.log_softmax(logits + self.log_prior(logits), dim=-1)

    def log_prior(self, logits: Tensor) -> Tensor:
        """``log n``, (K,), or 0 without balancing."""
        return self.counts.log(logits) if self.balanced else logits.new_zeros(())
