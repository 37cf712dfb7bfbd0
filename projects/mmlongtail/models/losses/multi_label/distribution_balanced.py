"""Distribution-balanced loss (Wu et al., ECCV 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import MultiLabelLoss
from .focal_bce import Side, focal_bce
from .rebalanced_weight import rebalanced_weight


@MODELS.register_module()
class DistributionBalancedLoss(MultiLabelLoss):
    """Re-balanced weighting, negative-tolerant regularization and focal loss; each can be switched off.

    Source: Wu et al., "Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets", ECCV 2020.
    With ``z' = z + kappa / lambda * log(n / (N - n))`` a positive label costs ``w f log(1 + exp(-z'))`` and a
    negative one ``w / lambda f log(1 + exp(lambda z'))``, f being the focal factor of what stands in the logarithm.
    Class-aware sampling draws an image for each of its labels: ``w`` undoes the part that its other labels have.

    Args:
        map_alpha: Least weight, the alpha of ``w = alpha + sigmoid(beta (r - mu))``.
        map_beta: Steepness beta.
        map_mu: The r, in [0, 1], of weight ``alpha + 1/2``; ``r_k = 1/n_k / sum_j y_j / n_j``.
        neg_scale: The lambda of the negatives, > 0; 1 with ``init_bias=0`` is no regularization.
        init_bias: The kappa of the class bias.
        focal_gamma: Focusing parameter, >= 0; 0 is no focal factor.
        balance: Factor of the whole; the paper's code has 2 with the focal factor and 1 without.
        reweight: False for ``w = 1``.
        class_counts: As in :class:`ClassCounts`.
        num_images: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For ``neg_scale`` not above 0 or a negative ``focal_gamma``.

    Example:
        >>> loss = DistributionBalancedLoss(class_counts=[90, 9, 1], num_images=95)
        >>> loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[1, 0, 1]]))
        tensor(0.1417)
    """

    def __init__(
        self,
        map_alpha: float = 0.1,
        map_beta: float = 10.0,
        map_mu: float = 0.3,
        neg_scale: float = 5.0,
        init_bias: float = 0.05,
        focal_gamma: float = 2.0,
        balance: float = 2.0,
        reweight: bool = True,
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts, num_images, needs_num_images=True)
        self.map_alpha = checks.number('map_alpha', map_alpha, at_least=0)
        self.map_beta = checks.number('map_beta', map_beta)
        self.map_mu = checks.number('map_mu', map_mu)
        self.neg_scale = checks.number('neg_scale', neg_scale, above=0)
        self.init_bias = checks.number('init_bias', init_bias)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)
        self.balance = checks.number('balance', balance, above=0)
        self.reweight = checks.flag('reweight', reweight)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss of each label, (B, K)."""
        bias = self.init_bias / self.neg_scale * self.counts.log_odds(logits)
        positive = Side(1.0, self.balance, self.focal_gamma)
        negative = Side(self.neg_scale, self.balance / self.neg_scale, self.focal_gamma)
        weight = None
        if self.reweight:
            counts = self.counts.seen(targets)
            weight = rebalanced_weight(targets, counts, self.map_alpha, self.map_beta, self.map_mu)
        return focal_bce(logits, targets, positive, negative, bias, weight=weight)
