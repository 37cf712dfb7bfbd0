"""Distillation from finished teachers (the comparison in Fig. 12 (b) of NCL++, Tan et al., 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

from ..class_counts import ClassCounts


@MODELS.register_module()
class DistillationLoss(nn.Module):
    """``KL(p || q)`` of the teacher's balanced probabilities p and the student's q, mean over images.

    Source: NCL++ (Tan et al., 2023), Fig. 12 (b), 'offline distillation', with the probabilities of eq. (2). No
    gradient flows into the teacher.

    Args:
        balanced: Whether the probabilities are softmax(z + log n); else class counts are not needed.
        loss_weight: Factor of the result.
        class_counts: As in :class:`ClassCounts`; a class without training images counts as one with a single image.
    """

    def __init__(
        self, balanced: bool = True, loss_weight: float = 1.0, class_counts: Sequence[int] | None = None
    ):
        super().__init__()
        self.counts = ClassCounts(class_counts)
        self.balanced = checks.flag('balanced', balanced)
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)

    def forward(self, logits: Tensor, teacher_logits: Tensor) -> Tensor:
        """The loss of logits (B, K) of the student and (B, K) of the teacher.

        Raises:
            ValueError: For shapes that do not fit.
        """
        if logits.dim() != 2 or logits.shape != teacher_logits.shape:
            raise ValueError(
                f'logits {tuple(logits.shape)} and teacher_logits {tuple(teacher_logits.shape)} must both be (B, K)'
            )
        with torch.autocast(logits.device.type, enabled=False):
            logits, teacher = full_precision(logits), full_precision(teacher_logits.detach())
            log_prior = self.counts.log(logits) if self.balanced else 0
            p, q = (F.log_softmax(z + log_prior, dim=1) for z in (teacher, logits))
            return self.loss_weight * F.kl_div(q, p, log_target=True, reduction='batchmean')
