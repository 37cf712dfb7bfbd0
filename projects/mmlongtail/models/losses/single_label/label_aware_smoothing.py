"""Label smoothing that grows with class frequency (Zhong et al., CVPR 2021)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import SingleLabelLoss

SHAPES = ('concave', 'linear', 'convex')


@MODELS.register_module()
class LabelAwareSmoothingLoss(SingleLabelLoss):
    """Cross-entropy with smoothed labels, frequent classes more than rare ones.

    Source: Zhong et al., "Improving Calibration for Long-Tailed Recognition" (MiSLAS), CVPR 2021: the
    smoothing of class k goes from ``smooth_tail`` to ``smooth_head`` with ``t = (n_k - n_min) / (n_max - n_min)``, as
    sin(pi/2 t), t or 1 - cos(pi/2 t). As in the authors' code and in LabelSmoothLoss it is spread over all K classes,
    the label included. Where all classes are equally frequent t is 1.

    Args:
        smooth_head: Smoothing of the most frequent class, from 0 to 1.
        smooth_tail: Smoothing of the rarest class, from 0 to 1.
        shape: 'concave', 'linear' or 'convex'.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a smoothing outside 0 to 1 or an unknown shape.
    """

    def __init__(
        self,
        smooth_head: float = 0.4,
        smooth_tail: float = 0.1,
        shape: str = 'concave',
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.smooth_head = checks.share('smooth_head', smooth_head)
        self.smooth_tail = checks.share('smooth_tail', smooth_tail)
        self.shape = checks.choice('shape', shape, SHAPES)

    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy with each smoothed label, (B, M)."""
        losses = -F.log_softmax(logits, dim=1)
        smoothing = self.counts.derived(self.smoothing, logits)[labels]
        return (1 - smoothing) * losses.gather(1, labels) + smoothing * losses.mean(dim=1, keepdim=True)

    def smoothing(self, counts: Tensor) -> Tensor:
        """Smoothing (K,) of classes with counts (K,)."""
        span = counts.max() - counts.min()
        t = torch.where(span > 0, (counts - counts.min()) / span.clamp(min=1), 1.0)
        if self.shape == 'concave':
            t = (math.pi / 2 * t).sin()
        elif self.shape == 'convex':
            t = 1 - (math.pi / 2 * t).cos()
        return self.smooth_tail + (self.smooth_head - self.smooth_tail) * t
