"""Cross-entropy of logits adjusted by the class priors (Menon et al., ICLR 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCounts
from .single_label import SingleLabelLoss


@MODELS.register_module()
class LogitAdjustmentLoss(ClassCounts, SingleLabelLoss):
    """``-log softmax(z + tau log n)_y``: rare classes must win by more.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021, eq. (10). The logits of a prediction
    stay as they are; adjusting them after a plain training instead is LogitAdjustmentHook's. A class without training
    images counts as one with a single image.

    Args:
        tau: Exponent of the priors; 0 is plain cross-entropy.
        class_counts: As in :class:`ClassCounts`.
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For a negative ``tau``.
    """

    def __init__(self, tau: float = 1.0, class_counts: Sequence[int] | None = None, **kwargs):
        super().__init__(class_counts, **kwargs)
        self.tau = checks.number('tau', tau, at_least=0)

    def class_losses(self, logits: Tensor) -> Tensor:
        """Eq. (10) for each label, (B, K)."""
        return -F.log_softmax(logits + self.tau * self.seen_counts(logits).log(), dim=1)
