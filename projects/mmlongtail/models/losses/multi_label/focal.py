"""Sigmoid focal loss (Lin et al., ICCV 2017) as the long-tailed tables use it."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .base import MultiLabelLoss
from .focal_bce import Side, focal_bce


@MODELS.register_module()
class MultiLabelFocalLoss(MultiLabelLoss):
    """Binary cross-entropy in which labels that are predicted well count little.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4), with the ``balance`` of DB loss
    (Wu et al., ECCV 2020) instead of alpha.

    Args:
        focal_gamma: Focusing parameter, >= 0.
        balance: Factor of the whole.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a negative ``focal_gamma``.
    """

    def __init__(
        self,
        focal_gamma: float = 2.0,
        balance: float = 2.0,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)
        self.balance = checks.number('balance', balance, above=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (4), (B, K)."""
        side = Side(factor=self.balance, exponent=self.focal_gamma)
        return focal_bce(logits, targets, side, side)
