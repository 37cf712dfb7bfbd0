"""Binary cross-entropy on logits with learned shift and scale (Guo & Wang, CVPR 2021, eq. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks

from .frequency_weighted_bce import FrequencyWeightedBCELoss


@MODELS.register_module()
class CompensatedBCELoss(FrequencyWeightedBCELoss):
    """Eq. (4) on logits compensated per class, positives and negatives apart.

    Source: Guo & Wang, CVPR 2021, eq. (6): positives see ``z sigma_pos + mu_pos``, negatives
    ``z sigma_neg + mu_neg``. The four learned vectors exist in training only: prediction uses raw logits.

    Args:
        num_classes: Number of classes K.
        class_counts: As in :class:`ClassCounts`.
        num_images: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For ``num_classes`` below 1, or logits with another number of classes.
    """

    def __init__(
        self,
        num_classes: int,
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(class_counts, num_images, reduction, loss_weight)
        checks.whole('num_classes', num_classes)
        self.mu_pos, self.mu_neg = (nn.Parameter(torch.zeros(num_classes)) for _ in range(2))
        self.sigma_pos, self.sigma_neg = (nn.Parameter(torch.ones(num_classes)) for _ in range(2))

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (6), (B, K)."""
        if logits.size(1) != self.mu_pos.numel():
            raise ValueError(
                f'logits have {logits.size(1)} classes, but num_classes is {self.mu_pos.numel()}'
            )
        positive = logits * self.sigma_pos + self.mu_pos
        negative = logits * self.sigma_neg + self.mu_neg
        return self.weight(targets) * torch.lerp(F.softplus(negative), F.softplus(-positive), targets)

    def scalars(self) -> dict[str, Tensor]:
        """Means over classes of the four learned vectors."""
        return {name: value.detach().mean() for name, value in self.named_parameters()}
