"""Label-distribution-aware margins for multi-label data (Cao et al., NeurIPS 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import MultiLabelLoss


@MODELS.register_module()
class MultiLabelLDAMLoss(MultiLabelLoss):
    """Binary cross-entropy that asks more of the positives of rare classes.

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019, as the
    multi-label tables use it: positives see ``z_k - C / n_k^(1/4)``. A class without training images counts as
    one with a single image.

    Args:
        max_margin: Margin of the rarest class, in logits; it fixes C.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a negative ``max_margin``.
    """

    def __init__(
        self,
        max_margin: float = 0.5,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.max_margin = checks.number('max_margin', max_margin, at_least=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy with margins, (B, K)."""
        margin = self.counts.derived(self.margins, logits)
        return torch.lerp(F.softplus(logits), F.softplus(margin - logits), targets)

    def margins(self, counts: Tensor) -> Tensor:
        """Margins (K,) of classes with counts (K,), in logits."""
        counts = counts.clamp(min=1)
        return self.max_margin * (counts.min() / counts) ** 0.25
