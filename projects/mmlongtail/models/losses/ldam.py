"""Label-distribution-aware margins for multi-label data (Cao et al., NeurIPS 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCountLoss


@MODELS.register_module()
class MultiLabelLDAMLoss(ClassCountLoss):
    """Binary cross-entropy that asks more of the positives of rare classes.

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019, as the
    multi-label tables use it: positives see ``z_k - C / n_k^(1/4)``. A class without training images counts as
    one with a single image.

    Args:
        max_margin: Margin of the rarest class, in logits; it fixes C.
        class_counts: As in :class:`ClassCountLoss`.
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For a negative ``max_margin``.
    """

    needs_num_images = False

    def __init__(self, max_margin: float = 0.5, class_counts: Sequence[int] | None = None, **kwargs):
        super().__init__(class_counts, **kwargs)
        self.max_margin = checks.number('max_margin', max_margin, at_least=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy with margins, (B, K)."""
        counts = self.seen_counts(logits)
        margin = self.max_margin * (counts.min() / counts) ** 0.25  # (K,)
        return targets * F.softplus(margin - logits) + (1 - targets) * F.softplus(logits)
