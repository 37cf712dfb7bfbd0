"""Label smoothing that grows with class frequency (Zhong et al., CVPR 2021)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCounts
from .single_label import SingleLabelLoss

SHAPES = ('concave', 'linear', 'convex')


@MODELS.register_module()
class LabelAwareSmoothingLoss(ClassCounts, SingleLabelLoss):
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
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For a smoothing outside 0 to 1 or an unknown shape.
    """

    def __init__(
        self,
        smooth_head: float = 0.4,
        smooth_tail: float = 0.1,
        shape: str = 'concave',
        class_counts: Sequence[int] | None = None,
        **kwargs,
    ):
        super().__init__(class_counts, **kwargs)
        self.smooth_head = checks.share('smooth_head', smooth_head)
        self.smooth_tail = checks.share('smooth_tail', smooth_tail)
        self.shape = checks.choice('shape', shape, SHAPES)

    def class_losses(self, logits: Tensor) -> Tensor:
        """Cross-entropy with each smoothed label, (B, K)."""
        losses = -F.log_softmax(logits, dim=1)
        smoothing = self.smoothing(logits)
        return (1 - smoothing) * losses + smoothing * losses.mean(dim=1, keepdim=True)

    def smoothing(self, logits: Tensor) -> Tensor:
        """Smoothing of each class, (K,)."""
        counts = self.counts(logits)
        span = counts.max() - counts.min()
        t = torch.where(span > 0, (counts - counts.min()) / span.clamp(min=1), 1.0)
        if self.shape == 'concave':
            t = (math.pi / 2 * t).sin()
        elif self.shape == 'convex':
            t = 1 - (math.pi / 2 * t).cos()
        return self.smooth_tail + (self.smooth_head - self.smooth_tail) * t
