"""Balanced softmax (Ren et al., NeurIPS 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.registry import MODELS

from .logit_adjustment import LogitAdjustmentLoss


@MODELS.register_module()
class BalancedSoftmaxLoss(LogitAdjustmentLoss):
    """``-log(n_y exp(z_y) / sum_j n_j exp(z_j))``, logit adjustment with tau 1.

    Source: Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020, Theorem 1; the
    balanced probability of NCL++ (Tan et al., 2023, eq. 2).

    Args:
        class_counts: As in :class:`ClassCounts`; a class without training images counts as one with a single image.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Example:
        >>> loss, logits = BalancedSoftmaxLoss(class_counts=[90, 9, 1]), torch.tensor([[2.0, 0.0, 0.0]])
        >>> loss(logits, torch.tensor([0])), loss(logits, torch.tensor([2]))
        (tensor(0.0149), tensor(6.5147))
    """

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(1.0, class_counts, reduction, loss_weight)
