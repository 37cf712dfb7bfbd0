"""Binary cross-entropy weighted by class frequency (Guo & Wang, CVPR 2021, eq. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from .base import MultiLabelLoss


@MODELS.register_module()
class FrequencyWeightedBCELoss(MultiLabelLoss):
    """Binary cross-entropy in which rare positives and frequent negatives count more.

    Source: Guo & Wang, "Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and
    Re-Balanced Samplings", CVPR 2021, eq. (4): weight ``y exp(1 - rho) + (1 - y) exp(rho)`` with
    ``rho_k = n_k / N``. A class without training images has rho 0.

    Args:
        class_counts: Training images of each class, K numbers; left out in a run, where
            ClassStatisticsHook fills them in from the train dataset.
        num_images: Number of training images N; goes with ``class_counts``.
        kwargs: ``reduction`` and ``loss_weight`` of :class:`MultiLabelLoss`.

    Raises:
        ValueError: For counts without ``num_images``, or counts outside 0 to ``num_images``.
        RuntimeError: When used before any counts are known.
    """

    def __init__(self, class_counts: Sequence[int] | None = None, num_images: int | None = None, **kwargs):
        super().__init__(**kwargs)
        # Counts belong to the train dataset and travel with the run's class statistics, not with the weights.
        self.register_buffer('class_counts', torch.zeros(0, dtype=torch.int64), persistent=False)
        self.num_images = 0
        if class_counts is not None or num_images is not None:
            self._set_counts(class_counts, num_images)

    def set_class_statistics(self, statistics) -> None:
        """Take the counts from the run's :class:`ClassStatistics`."""
        self._set_counts(statistics.class_counts, statistics.num_images)

    def frequency(self, logits: Tensor) -> Tensor:
        """The rho of each class, (K,), of the dtype and device of ``logits`` (B, K)."""
        if self.class_counts.numel() == 0:
            raise RuntimeError(
                f'{type(self).__name__} knows no class counts yet: pass class_counts=[...] and '
                'num_images=... when building it alone, or list ClassStatisticsHook in custom_hooks, which '
                'fills them in from the train dataset'
            )
        if self.class_counts.numel() != logits.size(1):
            raise ValueError(
                f'logits have {logits.size(1)} classes, but class_counts has {self.class_counts.numel()}'
            )
        return self.class_counts.to(logits) / self.num_images

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (4), (B, K)."""
        return self.weighted(logits, logits, targets)

    def weighted(self, positive: Tensor, negative: Tensor, targets: Tensor) -> Tensor:
        """Weighted cross-entropy, (B, K), of logits (B, K) that may differ for positives and negatives."""
        rho = self.frequency(targets)  # (K,)
        weight = targets * torch.exp(1 - rho) + (1 - targets) * torch.exp(rho)
        return weight * (targets * F.softplus(-positive) + (1 - targets) * F.softplus(negative))

    def _set_counts(self, class_counts: Sequence[int] | None, num_images: int | None) -> None:
        if class_counts is None or num_images is None:
            raise ValueError(
                f'class_counts={class_counts} and num_images={num_images} go together: give both or neither'
            )
        counts = torch.as_tensor(class_counts, dtype=torch.int64, device=self.class_counts.device).clone()
        if counts.dim() != 1 or num_images < 1 or (counts < 0).any() or (counts > num_images).any():
            raise ValueError(
                f'class_counts={counts.tolist()} must be a flat list of numbers '
                f'from 0 to num_images={num_images}'
            )
        self.class_counts, self.num_images = counts, int(num_images)
