"""What the losses that depend on class frequency share: counts from the run, or from their arguments."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmlongtail.structures import checks

from .base import MultiLabelLoss


class ClassCounts(nn.Module):
    """The part of a loss that knows how often each class occurs in training; stands before the loss in the bases.

    Args:
        class_counts: Training images of each class, K numbers; left out in a run, where
            ClassStatisticsHook fills them in from the train dataset.
        num_images: Number of training images N; goes with ``class_counts`` where the loss depends on it.
        kwargs: Arguments of the other base.

    Raises:
        ValueError: For counts without ``num_images`` or the reverse, counts outside 0 to ``num_images``, or
            logits of another number of classes.
        RuntimeError: When used before any counts are known.
    """

    needs_num_images = False

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

    def counts(self, logits: Tensor) -> Tensor:
        """Training images of each class, (K,), of the dtype and device of ``logits`` (B, K)."""
        if self.class_counts.numel() == 0:
            needed = 'class_counts=[...]' + ' and num_images=...' * self.needs_num_images
            raise RuntimeError(
                f'{type(self).__name__} knows no class counts yet: pass {needed} when building it alone, or '
                'list ClassStatisticsHook in default_hooks, which fills them in from the train dataset'
            )
        if self.class_counts.numel() != logits.size(1):
            raise ValueError(
                f'logits have {logits.size(1)} classes, but class_counts has {self.class_counts.numel()}'
            )
        return self.class_counts.to(logits)

    def seen_counts(self, logits: Tensor) -> Tensor:
        """:meth:`counts`, but 1 for a class without training images, so that a weight or margin exists."""
        return self.counts(logits).clamp(min=1)

    def _set_counts(self, class_counts: Sequence[int] | None, num_images: int | None) -> None:
        if class_counts is None or (num_images is None and self.needs_num_images):
            raise ValueError(
                f'class_counts={class_counts} and num_images={num_images} go together: give both or neither'
            )
        self.num_images = checks.whole('num_images', num_images, at_least=0, optional=True) or 0
        name = 'class_counts' if num_images is None else f'num_images={num_images}: class_counts'
        counts = checks.counts(name, class_counts, at_most=num_images, at_least=1)
        self.class_counts = torch.from_numpy(counts).to(self.class_counts.device)


class ClassCountLoss(ClassCounts, MultiLabelLoss):
    """Base of the multi-label losses that know how often each class occurs in training.

    Arguments and errors are those of :class:`ClassCounts`; ``kwargs`` are ``reduction`` and ``loss_weight`` of
    :class:`MultiLabelLoss`.
    """

    needs_num_images = True

    def log_odds(self, logits: Tensor) -> Tensor:
        """``log(n / (N - n))`` of each class, (K,); n and N - n count as 1 at least, so that it is finite."""
        return self.seen_counts(logits).log() - (self.num_images - self.counts(logits)).clamp(min=1).log()


def effective_number_weight(counts: Tensor, beta: float) -> Tensor:
    """``(1 - beta) / (1 - beta^n)``, one over the effective number of samples of each class.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, Proposition 1.

    Args:
        counts: Training images of each class, at least 1, (K,) of a floating dtype.
        beta: In [0, 1); the effective number is at most ``1 / (1 - beta)``.
    """
    # in float64: 1 - beta^n has no digits left in float32 where beta is near 1
    return ((1 - beta) / (1 - beta ** counts.double())).to(counts)
