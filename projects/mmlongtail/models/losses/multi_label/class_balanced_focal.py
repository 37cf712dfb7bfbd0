"""Focal loss weighted by the effective number of samples (Cui et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts, effective_number_weight
from .base import MultiLabelLoss
from .focal_bce import Side, focal_bce

MODES = ('by_class', 'average_n', 'average_w', 'min_n')


@MODELS.register_module()
class ClassBalancedFocalLoss(MultiLabelLoss):
    """Focal loss times ``w(n) = (1 - beta) / (1 - beta^n)``, n being counts of classes or of an image's classes.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, eq. (13), in the forms
    for several labels per image of the baselines of Wu et al., ECCV 2020. An image without positives has weight
    ``1 - beta``, that of an infinitely frequent class; a class without training images counts as one with a
    single image.

    Args:
        beta: In [0, 1); the effective number of samples of a class is at most ``1 / (1 - beta)``.
        mode: 'by_class' weighs each label by its class; the others weigh a whole image by its positive classes:
            'average_n' by their mean count, 'average_w' by their mean weight, 'min_n' by the rarest.
        focal_gamma: Focusing parameter, >= 0.
        balance: Factor of the whole.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown mode, ``beta`` outside [0, 1) or a negative ``focal_gamma``.
    """

    def __init__(
        self,
        beta: float = 0.9,
        mode: str = 'average_w',
        focal_gamma: float = 2.0,
        balance: float = 2.0,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.beta = checks.number('beta', beta, at_least=0, below=1)
        self.mode = checks.choice('mode', mode, MODES)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)
        self.balance = checks.number('balance', balance, above=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted focal loss, (B, K)."""
        side = Side(factor=self.balance, exponent=self.focal_gamma)
        return focal_bce(logits, targets, side, side, weight=self.label_weight(targets))

    def label_weight(self, targets: Tensor) -> Tensor:
        """Weight of each label, (K,) or (B, 1), of targets (B, K)."""
        counts, weights = (
            self.counts.seen(targets),
            self.counts.derived(self.class_weights, targets),
        )  # (K,) each
        if self.mode == 'by_class':
            return weights
        if self.mode == 'min_n':
            rarest = torch.where(targets > 0, counts, torch.inf).amin(dim=1, keepdim=True)
            return effective_number_weight(rarest, self.beta)
        values = counts if self.mode == 'average_n' else weights
        labels = targets.sum(dim=1, keepdim=True)  # (B, 1)
        mean = targets @ values[:, None] / labels.clamp(min=torch.finfo(labels.dtype).tiny)
        weight = effective_number_weight(mean, self.beta) if self.mode == 'average_n' else mean
        return torch.where(labels > 0, weight, 1 - self.beta)

    def class_weights(self, counts: Tensor) -> Tensor:
        """Weights (K,) of classes with counts (K,)."""
        return effective_number_weight(counts.clamp(min=1), self.beta)
