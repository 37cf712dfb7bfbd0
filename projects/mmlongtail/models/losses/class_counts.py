"""The part of a loss that knows the class counts, from the run or from the loss's arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mmlongtail.structures import checks


class ClassCounts(nn.Module):
    """How often each class occurs in training; a loss that depends on it has one of these as ``self.counts``.

    The counts belong to the train dataset and travel with the run's class statistics, so no state dict has them.

    Args:
        class_counts: Training images of each class, K numbers; left out in a run, where
            ClassStatisticsHook fills them in from the train dataset.
        num_images: Number of training images N.
        needs_num_images: Whether the loss depends on N, so that counts alone are not enough.

    Raises:
        ValueError: For ``num_images`` without counts or, where it is needed, the reverse; for counts outside 0 to
            ``num_images``.

    Example:
        >>> counts = ClassCounts([30, 6, 0])
        >>> counts.seen(torch.zeros(2, 3))
        tensor([30.,  6.,  1.])
    """

    class_counts: Tensor

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        needs_num_images: bool = False,
    ):
        super().__init__()
        self.register_buffer('class_counts', torch.zeros(0, dtype=torch.int64), persistent=False)
        self.num_images, self.needs_num_images = 0, needs_num_images
        self._derived: dict[tuple, Tensor] = {}
        if class_counts is not None or num_images is not None:
            self._set(class_counts, num_images)

    def set_class_statistics(self, statistics) -> None:
        """Take the counts from the run's :class:`ClassStatistics`."""
        self._set(statistics.class_counts, statistics.num_images)

    def of(self, logits: Tensor) -> Tensor:
        """Training images of each class, (K,), of the dtype and device of ``logits`` (..., K).

        Raises:
            RuntimeError: If no counts are known yet.
            ValueError: If the logits have another number of classes.
        """
        known = self.class_counts.numel()
        if known == 0:
            needed = 'class_counts=[...]' + ' and num_images=...' * self.needs_num_images
            raise RuntimeError(
                f'the loss knows no class counts yet: pass {needed} when building it alone, or list '
                'ClassStatisticsHook in default_hooks, which fills them in from the train dataset'
            )
        if known != logits.size(-1):
            raise ValueError(f'logits have {logits.size(-1)} classes, but class_counts has {known}')
        return self.class_counts.to(logits)

    def seen(self, logits: Tensor) -> Tensor:
        """:meth:`of`, but 1 for a class without training images, so that a weight or margin exists."""
        return self.derived(_at_least_one, logits)

    def log(self, logits: Tensor) -> Tensor:
        """Logarithm of :meth:`seen`, (K,)."""
        return self.derived(_log, logits)

    def log_odds(self, logits: Tensor) -> Tensor:
        """``log(n / (N - n))`` of each class, (K,); n and N - n count as 1 at least, so that it is finite."""
        return self.derived(self._log_odds, logits)

    def derived(self, function: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
        """A function of the counts (K,) as :meth:`of` gives them; it is computed once for each dtype and device."""
        if torch.compiler.is_compiling() or torch.is_inference_mode_enabled():
            return function(
                self.of(logits)
            )  # neither traced nor inference tensors may serve a later training step
        key = (function.__name__, logits.dtype, logits.device)
        if self.class_counts.numel() != logits.size(-1) or key not in self._derived:
            self._derived[key] = function(self.of(logits))
        return self._derived[key]

    def _set(self, class_counts: Sequence[int] | None, num_images: int | None) -> None:
        if class_counts is None or (num_images is None and self.needs_num_images):
            raise ValueError(
                f'class_counts={class_counts} and num_images={num_images} go together: give both or neither'
            )
        self.num_images = checks.whole('num_images', num_images, at_least=0, optional=True) or 0
        name = 'class_counts' if num_images is None else f'num_images={num_images}: class_counts'
        counts = checks.counts(name, class_counts, at_most=num_images, at_least=1)
        self.class_counts = torch.from_numpy(counts).to(self.class_counts.device)
        self._derived = {}

    def _log_odds(self, counts: Tensor) -> Tensor:
        return _log(counts) - _log(self.num_images - counts)


def _at_least_one(counts: Tensor) -> Tensor:
    return counts.clamp(min=1)


def _log(counts: Tensor) -> Tensor:
    return counts.clamp(min=1).log()


def effective_number_weight(counts: Tensor, beta: float) -> Tensor:
    """``(1 - beta) / (1 - beta^n)``, one over the effective number of samples of each class.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, Proposition 1.

    Args:
        counts: Training images of each class, at least 1, (K,) of a floating dtype.
        beta: In [0, 1); the effective number is at most ``1 / (1 - beta)``.
    """
    # in float64: 1 - beta^n has no digits left in float32 where beta is near 1
    return ((1 - beta) / (1 - beta ** counts.double())).to(counts)
