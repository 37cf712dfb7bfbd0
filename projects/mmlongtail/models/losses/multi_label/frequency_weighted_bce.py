"""Binary cross-entropy weighted by class frequency (Guo & Wang, CVPR 2021, eq. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from ..class_counts import ClassCounts
from .base import MultiLabelLoss


@MODELS.register_module()
class FrequencyWeightedBCELoss(MultiLabelLoss):
    """Binary cross-entropy in which rare positives and frequent negatives count more.

    Source: Guo & Wang, "Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and
    Re-Balanced Samplings", CVPR 2021, eq. (4): weight ``y exp(1 - rho) + (1 - y) exp(rho)`` with
    ``rho_k = n_k / N``. A class without training images has rho 0.

    Args:
        class_counts: As in :class:`ClassCounts`.
        num_images: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Example:
        >>> loss = FrequencyWeightedBCELoss(class_counts=[90, 9, 1], num_images=95)
        >>> loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[1, 0, 1]]))
        tensor(0.9201)
    """

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts, num_images, needs_num_images=True)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (4), (B, K)."""
        return self.weight(targets) * F.binary_cross_entropy_with_logits(logits, targets, reduction='none')

    def weight(self, targets: Tensor) -> Tensor:
        """Weight of each label, (B, K)."""
        negative, positive = self.counts.derived(self.class_weights, targets)
        return torch.lerp(negative, positive, targets)

    def class_weights(self, counts: Tensor) -> Tensor:
        """Weights of the negatives and of the positives, (2, K), of classes with counts (K,)."""
        rho = counts / self.counts.num_images
        return torch.stack([rho, 1 - rho]).exp()
