"""Softmax cross-entropy, also focal, weighted by the effective number of samples (Cui et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCounts, effective_number_weight
from .focal import focal_softplus
from .single_label import SingleLabelLoss, softmax_log_odds


@MODELS.register_module()
class ClassBalancedCELoss(ClassCounts, SingleLabelLoss):
    """``-w_y (1 - p_y)^gamma log p_y`` with ``w ~ (1 - beta) / (1 - beta^n)``, whose mean over the classes is 1.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, on
    softmax cross-entropy, here also with the focal factor of Lin et al., ICCV 2017. A class without training images
    counts as one with a single image.

    Args:
        beta: In [0, 1); 0 gives equal weights, so plain or focal cross-entropy.
        focal_gamma: Focusing parameter, >= 0; 0 is cross-entropy.
        class_counts: As in :class:`ClassCounts`.
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For ``beta`` outside [0, 1) or a negative ``focal_gamma``.
    """

    def __init__(
        self,
        beta: float = 0.9999,
        focal_gamma: float = 0.0,
        class_counts: Sequence[int] | None = None,
        **kwargs,
    ):
        super().__init__(class_counts, **kwargs)
        self.beta = checks.number('beta', beta, at_least=0, below=1)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)

    def class_losses(self, logits: Tensor) -> Tensor:
        """The weighted loss for each label, (B, K)."""
        weight = effective_number_weight(self.seen_counts(logits), self.beta)  # (K,)
        weight = weight / weight.mean()
        if self.focal_gamma == 0:
            return -weight * F.log_softmax(logits, dim=1)
        return weight * focal_softplus(-softmax_log_odds(logits), self.focal_gamma)
