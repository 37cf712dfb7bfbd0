"""Gaussian clouded logit adjustment (Li et al., CVPR 2022)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts
from .base import SingleLabelLoss, log_odds

CLOUDS = ('log', 'cos', 'power')
DEVIATION = 1 / 3  # of the noise, so that its range [-1, 1] is three deviations wide on either side


@MODELS.register_module()
class GCLLoss(SingleLabelLoss):
    """Cross-entropy of scaled cosines, each lowered by a random part of its class's cloud, large for rare classes.

    Source: Li, Cheung & Lu, "Long-Tailed Visual Recognition via Gaussian Clouded Logit Adjustment", CVPR 2022,
    eqs. (9), (11) and (12), with epsilon ~ N(0, 1/9) clamped to [-1, 1]::

        delta_j = log n_max - log n_j
        z_j     = cos_j - delta_j / max(delta) |epsilon_j| noise_mul
        loss    = -log softmax(scale (z - margin [target]))_target

    Other clouds (Table 3): 'power' is ``n_max^power - n_j^power``, and 'cos', of which the paper's text has the name
    only, is read as ``cos(pi/2 n_j / n_max)``. The noise is new for each image and class, from torch's generator, and
    comes in training mode only; both labels of a mixed image see the same. Classes as frequent as the most frequent
    have no cloud, and one without training images that of a class with a single image.

    Args:
        cloud: Form of the cloud size, 'log', 'cos' or 'power'.
        power: Exponent of 'power', in the paper 1/3 or 1/4.
        noise_mul: m, the largest shift of the rarest class, as a cosine.
        scale: s, factor of the cosines.
        margin: Lowers the label's cosine; 0.1 in the paper's second stage.
        focal_gamma: Exponent of a focal weight ``(1 - p)^gamma`` through which no gradient flows; 0 is none, 1
            the second stage's.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For an unknown cloud, or a number out of its range.

    Example:
        >>> loss = GCLLoss(class_counts=[90, 9, 1])
        >>> loss.cloud_sizes(torch.tensor([90.0, 9.0, 1.0]))
        tensor([0.0000, 0.5117, 1.0000])
    """

    def __init__(
        self,
        cloud: str = 'log',
        power: float = 1 / 3,
        noise_mul: float = 0.5,
        scale: float = 30.0,
        margin: float = 0.0,
        focal_gamma: float = 0.0,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.cloud = checks.choice('cloud', cloud, CLOUDS)
        self.power = checks.number('power', power, above=0)
        self.noise_mul = checks.number('noise_mul', noise_mul, at_least=0)
        self.scale = checks.number('scale', scale, above=0)
        self.margin = checks.number('margin', margin, at_least=0)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)

    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Eq. (12) of each label, (B, M), of cosines (B, K)."""
        odds = log_odds(logits, labels, self.scale, self._noise(logits))
        error = self.scale * self.margin - odds
        focus = torch.exp(self.focal_gamma * F.logsigmoid(error.detach()))
        return focus * F.softplus(error)

    def _noise(self, logits: Tensor) -> Tensor | None:
        """What lowers the scaled cosines, (B, K), or None outside training."""
        if not (self.training and self.noise_mul):
            return None
        deepest = self.scale * self.noise_mul * self.counts.derived(self.cloud_sizes, logits)
        return torch.randn_like(logits).abs_().clamp_(max=1 / DEVIATION).mul_(-DEVIATION * deepest)

    def cloud_sizes(self, counts: Tensor) -> Tensor:
        """delta over its maximum, (K,), from 0 to 1, of classes with counts (K,); all 0 where all counts are equal."""
        counts = counts.clamp(min=1)
        most = counts.max()
        if self.cloud == 'log':
            delta = (most / counts).log()
        elif self.cloud == 'power':
            delta = 1 - (counts / most) ** self.power  # equal powers may round apart, but those of 1 are 1
        else:  # the cosine as a sine, which is exactly 0 for the most frequent class
            delta = (math.pi / 2 * (1 - counts / most)).sin()
        return delta / delta.max().clamp(min=torch.finfo(delta.dtype).tiny)
