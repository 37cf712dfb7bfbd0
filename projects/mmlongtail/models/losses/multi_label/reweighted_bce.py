"""Binary cross-entropy re-weighted by inverse class frequency, the RW baseline of the long-tailed tables."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import MultiLabelLoss

POWERS = dict(inv=1.0, sqrt_inv=0.5)


@MODELS.register_module()
class ReweightedBCELoss(MultiLabelLoss):
    """Binary cross-entropy with weight ``(N / n_k)^power`` of class k, its positives and negatives alike.

    Source: the re-weighting baseline (RW) of Wu et al., ECCV 2020, and Guo & Wang, CVPR 2021, Table 1, which take the
    square root. A class without training images counts as one with a single image.

    Args:
        mode: 'inv' for power 1, 'sqrt_inv' for power 1/2.
        class_counts: As in :class:`ClassCounts`.
        num_images: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown mode.
    """

    def __init__(
        self,
        mode: str = 'sqrt_inv',
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts, num_images, needs_num_images=True)
        self.mode = checks.choice('mode', mode, POWERS)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted cross-entropy, (B, K)."""
        weight = self.counts.derived(self.class_weights, logits)
        return weight * F.binary_cross_entropy_with_logits(logits, targets, reduction='none')

    def class_weights(self, counts: Tensor) -> Tensor:
        """Weights (K,) of classes with counts (K,)."""
        return (self.counts.num_images / counts.clamp(min=1)) ** POWERS[self.mode]
