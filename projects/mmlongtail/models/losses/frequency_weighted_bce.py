"""Binary cross-entropy weighted by class frequency (Guo & Wang, CVPR 2021, eq. 4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from .class_counts import ClassCountLoss


@MODELS.register_module()
class FrequencyWeightedBCELoss(ClassCountLoss):
    """Binary cross-entropy in which rare positives and frequent negatives count more.

    Source: Guo & Wang, "Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and
    Re-Balanced Samplings", CVPR 2021, eq. (4): weight ``y exp(1 - rho) + (1 - y) exp(rho)`` with
    ``rho_k = n_k / N``. A class without training images has rho 0. Arguments and errors as in
    :class:`ClassCountLoss`.
    """

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (4), (B, K)."""
        return self.weighted(logits, logits, targets)

    def weighted(self, positive: Tensor, negative: Tensor, targets: Tensor) -> Tensor:
        """Weighted cross-entropy, (B, K), of logits (B, K) that may differ for positives and negatives."""
        rho = self.counts(targets) / self.num_images  # (K,)
        weight = targets * torch.exp(1 - rho) + (1 - targets) * torch.exp(rho)
        return weight * (targets * F.softplus(-positive) + (1 - targets) * F.softplus(negative))
