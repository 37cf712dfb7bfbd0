"""Binary cross-entropy re-weighted by inverse class frequency, the RW baseline of the long-tailed tables."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCountLoss

POWERS = dict(inv=1.0, sqrt_inv=0.5)


@MODELS.register_module()
class ReweightedBCELoss(ClassCountLoss):
    """Binary cross-entropy with weight ``(N / n_k)^power`` of class k, its positives and negatives alike.

    Source: the re-weighting baseline (RW) of Wu et al., ECCV 2020, and Guo & Wang, CVPR 2021, Table 1, which take the
    square root. A class without training images counts as one with a single image.

    Args:
        mode: 'inv' for power 1, 'sqrt_inv' for power 1/2.
        class_counts: As in :class:`ClassCountLoss`.
        num_images: As in :class:`ClassCountLoss`.
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For an unknown mode.
    """

    def __init__(
        self,
        mode: str = 'sqrt_inv',
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        **kwargs,
    ):
        super().__init__(class_counts, num_images, **kwargs)
        self.mode = checks.choice('mode', mode, POWERS)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted cross-entropy, (B, K)."""
        weight = (self.num_images / self.seen_counts(logits)) ** POWERS[self.mode]  # (K,)
        return weight * F.binary_cross_entropy_with_logits(logits, targets, reduction='none')
