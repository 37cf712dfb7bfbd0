"""Softmax cross-entropy, also focal, weighted by the effective number of samples (Cui et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts, effective_number_weight
from .base import SingleLabelLoss, cross_entropy, log_odds
from .focal_softplus import focal_softplus


@MODELS.register_module()
class ClassBalancedCELoss(SingleLabelLoss):
    """``-w_y (1 - p_y)^gamma log p_y`` with ``w ~ (1 - beta) / (1 - beta^n)``, whose mean over the classes is 1.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, on
    softmax cross-entropy, here also with the focal factor of Lin et al., ICCV 2017. A class without training images
    counts as one with a single image.

    Args:
        beta: In [0, 1); 0 gives equal weights, so plain or focal cross-entropy.
        focal_gamma: Focusing parameter, >= 0; 0 is cross-entropy.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For ``beta`` outside [0, 1) or a negative ``focal_gamma``.
    """

    def __init__(
        self,
        beta: float = 0.9999,
        focal_gamma: float = 0.0,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.beta = checks.number('beta', beta, at_least=0, below=1)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)

    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The weighted loss of each label, (B, M)."""
        weight = self.counts.derived(self.class_weights, logits)[labels]
        if self.focal_gamma == 0:
            return weight * cross_entropy(logits, labels)
        return weight * focal_softplus(-log_odds(logits, labels), self.focal_gamma)

    def class_weights(self, counts: Tensor) -> Tensor:
        """Weights (K,) of classes with counts (K,), whose mean is 1."""
        weight = effective_number_weight(counts.clamp(min=1), self.beta)
        return weight / weight.mean()
