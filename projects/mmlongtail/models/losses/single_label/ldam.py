"""Label-distribution-aware margins with deferred re-weighting (Cao et al., NeurIPS 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

from ..class_counts import ClassCounts, effective_number_weight
from .base import SingleLabelLoss, log_odds


@MODELS.register_module()
class LDAMLoss(SingleLabelLoss):
    """Cross-entropy of scaled cosines that asks more of rare classes, and later weighs them more too.

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019,
    eq. (13) and Algorithm 1: the label's cosine is lowered by ``C / n_k^(1/4)``. From ``drw_epoch`` on the loss of
    class k has the weight ``(1 - beta) / (1 - beta^n_k)``, times a factor that makes its mean over the training
    images 1. This keeps the size of the gradients, as the authors' division by the weights of the batch does. A class
    without training images counts as one with a single image.

    Args:
        max_margin: Margin of the rarest class, as a cosine; it fixes C.
        scale: Factor of the cosines; 1 for the logits of a linear layer.
        drw_epoch: Epochs to train before weights come in, which TrainingProgressHook tells; None for never.
        beta: As in :func:`effective_number_weight`.
        class_counts: As in :class:`ClassCounts`.
        reduction: As in :class:`SingleLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a number out of its range.
        RuntimeError: With ``drw_epoch``, if the loss was never told the progress of the training.

    Example:
        >>> loss, cosines = LDAMLoss(class_counts=[90, 9, 1]), torch.tensor([[0.2, 0.0, 0.2]])
        >>> loss.margins(torch.tensor([90.0, 9.0, 1.0]))
        tensor([0.1623, 0.2887, 0.5000])
        >>> loss(cosines, torch.tensor([0])), loss(cosines, torch.tensor([2]))
        (tensor(4.8801), tensor(15.0025))
    """

    def __init__(
        self,
        max_margin: float = 0.5,
        scale: float = 30.0,
        drw_epoch: int | None = None,
        beta: float = 0.9999,
        class_counts: Sequence[int] | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts)
        self.max_margin = checks.number('max_margin', max_margin, at_least=0)
        self.scale = checks.number('scale', scale, above=0)
        self.drw_epoch = checks.whole('drw_epoch', drw_epoch, at_least=0, optional=True)
        self.beta = checks.number('beta', beta, at_least=0, below=1)
        self.epochs_done: int | None = None

    def set_progress(self, epochs_done: int, max_epochs: int) -> None:
        """Take the number of epochs done; that of all epochs does not matter here."""
        self.epochs_done = checks.whole('epochs_done', epochs_done, at_least=0)

    def label_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Eq. (13) of each label, (B, M), of cosines (B, K)."""
        margin = self.counts.derived(self.margins, logits)[labels]
        losses = F.softplus(self.scale * margin - log_odds(logits, labels, self.scale))
        return (
            losses * self.counts.derived(self.class_weights, logits)[labels] if self._reweighs() else losses
        )

    def margins(self, counts: Tensor) -> Tensor:
        """Margins (K,) of classes with counts (K,), as cosines."""
        counts = counts.clamp(min=1)
        return self.max_margin * (counts.min() / counts) ** 0.25

    def class_weights(self, counts: Tensor) -> Tensor:
        """Weights (K,) of classes with counts (K,), whose mean over the training images is 1."""
        counts = counts.clamp(min=1)
        weight = effective_number_weight(counts, self.beta)
        return weight * counts.sum() / (counts * weight).sum()

    def _reweighs(self) -> bool:
        if self.drw_epoch is None:
            return False
        if self.epochs_done is None:
            raise RuntimeError(
                f'LDAMLoss with drw_epoch={self.drw_epoch} does not know the progress of the training: list '
                'TrainingProgressHook in default_hooks, or call set_progress(epochs_done, max_epochs) before each epoch'
            )
        return self.epochs_done >= self.drw_epoch
