"""Re-balanced weights of DB loss (Wu et al., ECCV 2020), for the losses that share them."""

from __future__ import annotations

import torch
from torch import Tensor


def rebalanced_weight(targets: Tensor, class_counts: Tensor, alpha: float, beta: float, mu: float) -> Tensor:
    """Weight of each label that undoes what class-aware sampling repeats for an image's other labels, (B, K).

    Source: Wu et al., "Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets", ECCV 2020:
    ``w = alpha + sigmoid(beta (r - mu))`` with ``r_k = 1/n_k / sum_j y_j / n_j``. An image without positives has r = 0.

    Args:
        targets: Multi-hot, (B, K).
        class_counts: Training images of each class, (K,), at least 1 each.
        alpha: Least weight.
        beta: Steepness.
        mu: The r, in [0, 1], of weight ``alpha + 1/2``.
    """
    inverse = 1 / class_counts  # (K,)
    repeats = targets @ inverse[:, None]  # (B, 1), how often class-aware sampling draws the image
    ratio = beta * inverse / torch.where(repeats > 0, repeats, torch.inf)  # (B, K), beta r
    return ratio.sub_(beta * mu).sigmoid_().add_(alpha)
