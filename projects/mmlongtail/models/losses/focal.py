"""Sigmoid focal loss (Lin et al., ICCV 2017) as the long-tailed tables use it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .base import MultiLabelLoss


def focal_power(error: Tensor, exponent: float | Tensor) -> Tensor:
    """``sigmoid(error)^exponent``, with a finite gradient where the sigmoid underflows.

    Args:
        error: -z of a positive label, z of a negative one; any shape.
        exponent: The focusing parameter, >= 0.
    """
    return torch.exp(exponent * F.logsigmoid(error))


def focal_softplus(error: Tensor, exponent: float) -> Tensor:
    """``sigmoid(error)^exponent log(1 + exp(error))``: the focal loss of labels by how wrong their logit is."""
    return focal_power(error, exponent) * F.softplus(error)


@MODELS.register_module()
class MultiLabelFocalLoss(MultiLabelLoss):
    """Binary cross-entropy in which labels that are predicted well count little.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4), with the ``balance`` of DB loss
    (Wu et al., ECCV 2020) instead of alpha.

    Args:
        focal_gamma: Focusing parameter, >= 0.
        balance: Factor of the whole.
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For a negative ``focal_gamma``.
    """

    def __init__(self, focal_gamma: float = 2.0, balance: float = 2.0, **kwargs):
        super().__init__(**kwargs)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)
        self.balance = checks.number('balance', balance, above=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (4), (B, K)."""
        positive, negative = (focal_softplus(error, self.focal_gamma) for error in (-logits, logits))
        return self.balance * (targets * positive + (1 - targets) * negative)
