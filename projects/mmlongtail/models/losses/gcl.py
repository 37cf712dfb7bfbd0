"""Gaussian clouded logit adjustment (Li et al., CVPR 2022)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from .class_counts import ClassCounts
from .focal import focal_power
from .single_label import SingleLabelLoss, softmax_log_odds

CLOUDS = ('log', 'cos', 'power')
DEVIATION = 1 / 3  # of the noise, so that its range [-1, 1] is three deviations wide on either side


@MODELS.register_module()
class GCLLoss(ClassCounts, SingleLabelLoss):
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
        kwargs: ``reduction`` and ``loss_weight``.

    Raises:
        ValueError: For an unknown cloud, or a number out of its range.
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
        **kwargs,
    ):
        super().__init__(class_counts, **kwargs)
        self.cloud = checks.choice('cloud', cloud, CLOUDS)
        self.power = checks.number('power', power, above=0)
        self.noise_mul = checks.number('noise_mul', noise_mul, at_least=0)
        self.scale = checks.number('scale', scale, above=0)
        self.margin = checks.number('margin', margin, at_least=0)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)

    def class_losses(self, logits: Tensor) -> Tensor:
        """Eq. (12) for each label, (B, K), of cosines (B, K)."""
        if self.training and self.noise_mul:
            noise = (torch.randn_like(logits) * DEVIATION).abs().clamp(max=1)
            logits = logits - self.noise_mul * self.cloud_sizes(logits) * noise
        error = self.scale * self.margin - softmax_log_odds(self.scale * logits)
        return focal_power(error, self.focal_gamma).detach() * F.softplus(error)

    def cloud_sizes(self, logits: Tensor) -> Tensor:
        """delta over its maximum, (K,), from 0 to 1; all 0 where all classes are equally frequent."""
        counts = self.seen_counts(logits)
        most = counts.max()
        if self.cloud == 'log':
            delta = (most / counts).log()
        elif self.cloud == 'power':
            delta = 1 - (counts / most) ** self.power  # equal powers may round apart, but those of 1 are 1
        else:  # the cosine as a sine, which is exactly 0 for the most frequent class
            delta = (math.pi / 2 * (1 - counts / most)).sin()
        return delta / delta.max().clamp(min=torch.finfo(delta.dtype).tiny)
