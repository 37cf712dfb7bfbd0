"""Logit adjustment after training (Menon et al., ICLR 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

from ..run_parts import bare_model


@HOOKS.register_module()
class LogitAdjustmentHook(Hook):
    """Predict with ``z - tau log pi`` instead of the head's logits z, in validation and test.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021, eq. (9); pi_k is the share of class k
    in the training images. It needs no training and fits any ``head`` that predicts from the softmax of what it
    returns, such as LinearClsHead and CosineHead. Not to be used with a model trained by LogitAdjustmentLoss. A class
    without training images counts as one with a single image.

    Args:
        tau: Exponent of the priors; 0 changes nothing.
        class_counts: Training images of each class, K numbers; left out where ClassStatisticsHook brings them, from
            the train dataset or from the checkpoint.

    Raises:
        ValueError: For a negative ``tau``, negative counts or logits of another number of classes.
        RuntimeError: If no counts are known, or the head predicts without a call of itself, past this hook.
    """

    def __init__(self, tau: float = 1.0, class_counts: Sequence[int] | None = None) -> None:
        self.tau = checks.number('tau', tau, at_least=0)
        self._log_priors: Tensor | None = None  # (K,)
        self._handle = None
        self._adjusted = False
        if class_counts is not None:
            self._set_counts(class_counts)

    def set_class_statistics(self, statistics) -> None:
        """Take the counts from the run's :class:`ClassStatistics`."""
        self._set_counts(statistics.class_counts)

    def before_val(self, runner) -> None:
        """Adjust from here on."""
        self._attach(runner.model)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Do not let a head through whose scores are not adjusted."""
        if not self._adjusted:
            raise RuntimeError('LogitAdjustmentHook saw no logits: the head does not predict by head(feats)')

    after_test_iter = after_val_iter

    def after_val(self, runner) -> None:
        """Leave the head alone, because training goes on with plain logits."""
        self._detach()

    def before_test(self, runner) -> None:
        """Adjust from here on."""
        self._attach(runner.model)

    def after_test(self, runner) -> None:
        """Leave the head alone."""
        self._detach()

    def _set_counts(self, class_counts: Sequence[int]) -> None:
        counts = checks.counts('class_counts', class_counts, at_least=1).clip(1)
        self._log_priors = torch.from_numpy(np.log(counts / counts.sum()))

    def _attach(self, model: nn.Module) -> None:
        if self._log_priors is None:
            raise RuntimeError(
                'LogitAdjustmentHook knows no class counts: list ClassStatisticsHook in default_hooks, which takes '
                'them from the train dataset or the checkpoint, or pass class_counts=[...]'
            )
        self._detach()
        self._adjusted = False
        self._handle = bare_model(model).head.register_forward_hook(self._adjust)

    def _detach(self) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _adjust(self, head: nn.Module, args: tuple, logits: Tensor) -> Tensor:
        if logits.shape[-1] != len(self._log_priors):
            raise ValueError(
                f'logits have {logits.shape[-1]} classes, but class_counts has {len(self._log_priors)}'
            )
        self._adjusted = True
        logits = full_precision(logits)
        return logits - self.tau * self._log_priors.to(logits)
