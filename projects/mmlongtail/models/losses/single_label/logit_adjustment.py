"""Cross-entropy of logits adjusted by the class priors (Menon et al., ICLR 2021)."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import SingleLabelLoss, cross_entropy


@MODELS.register_module()
class LogitAdjustmentLoss(SingleLabelLoss):
    """``-log softmax(z + tau log n)_y``: rare classes must win by more.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021, eq. (10). The logits of a prediction
    stay as they are; adjusting them after a plain training instead is LogitAdjustmentHook's. A class without training
    images counts as one with a single image.

    Args:
        tau: Exponent of the priors; 0 is plain cross-entropy.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a negative ``tau``.

    Example:
        >>> LogitAdjustmentLoss(tau=0.5, class_counts=[90, 9, 1])(torch.zeros(1, 3), torch.tensor([0]))
        tensor(0.3518)
    """

    def __init__(
        self,
        tau: float = 1.0,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.tau = checks.number('tau', tau, at_least=0)

    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Eq. (10) of each label, (B, M)."""
        return cross_entropy(logits + self.tau * self.counts.log(logits), labels)
