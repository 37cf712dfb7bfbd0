"""Base of the losses of peers: experts, or augmented copies, that learn from each other (NCL++, Tan et al., 2023)."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

from ..single_label.hard_categories import hard_categories
from .pairwise_kl import GRADIENTS

RANKINGS = ('mean', 'first')


class PeerLoss(nn.Module, ABC):
    """Base of the losses that let n peers learn from each other: on all classes, and on the hard ones of each image.

    Args:
        hard_ratio: Hard categories among all classes, in (0, 1]; 0 or None leaves the hard part out.
        full: Whether the part on all classes is in.
        gradient: 'both', or only into the 'first' or 'second' argument of each divergence.
        ranking: Which logits choose the one set of hard categories that all peers share: the 'mean' over the peers or
            those of the 'first' peer.
        loss_weight: The lambda of eq. (14).
        ramp: Share of the training's epochs, in [0, 1], in which ``loss_weight`` rises in equal steps from 0; not in
            the paper. TrainingProgressHook tells the progress.

    Raises:
        ValueError: For an unknown name, a ratio or ramp outside [0, 1], or neither part.
        RuntimeError: With ``ramp``, if the loss was never told the progress of the training.
    """

    including_label = False

    def __init__(
        self,
        hard_ratio: float | None = 0.3,
        full: bool = True,
        gradient: str = 'both',
        ranking: str = 'mean',
        loss_weight: float = 1.0,
        ramp: float = 0.0,
    ):
        super().__init__()
        self.gradient = checks.choice('gradient', gradient, GRADIENTS)
        self.ranking = checks.choice('ranking', ranking, RANKINGS)
        self.hard_ratio = checks.number('hard_ratio', hard_ratio, at_least=0, at_most=1, optional=True)
        self.full = checks.flag('full', full)
        if not full and not hard_ratio:
            raise ValueError(
                f'full={full} and hard_ratio={hard_ratio} leave nothing: at least one must be on'
            )
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)
        self.ramp = checks.share('ramp', ramp)
        self.progress: float | None = None

    def set_progress(self, epochs_done: int, max_epochs: int) -> None:
        """Take how far the training is."""
        self.progress = epochs_done / max_epochs

    @property
    def current_weight(self) -> float:
        """``loss_weight``, or what the ramp leaves of it."""
        if not self.ramp:
            return self.loss_weight
        if self.progress is None:
            raise RuntimeError(
                f'{type(self).__name__} with ramp={self.ramp} does not know the progress of the training: list '
                'TrainingProgressHook in default_hooks, or call set_progress(epochs_done, max_epochs) before each epoch'
            )
        return self.loss_weight * min(self.progress / self.ramp, 1.0)

    @abstractmethod
    def full_part(self, logits: Tensor) -> Tensor:
        """Divergence on all classes, summed over the ordered pairs, (B,), of logits (n, B, K)."""

    @abstractmethod
    def hard_part(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Divergence on the classes of the mask (B, K), summed over the ordered pairs, (B,), of logits (n, B, K)."""

    def ranking_of(self, logits: Tensor) -> Tensor:
        """The scores that choose the hard categories, (B, K), of logits (n, B, K)."""
        return logits[0] if self.ranking == 'first' else full_precision(logits).mean(dim=0)

    def forward(self, logits: Tensor, targets: Tensor, ranking: Tensor | None = None) -> Tensor:
        """``2 / (n (n - 1))`` times the sum over the ordered pairs, mean over images; 0 for n = 1 or B = 0.

        Args:
            logits: (n, B, K).
            targets: Class ids (B,), or (B, K) where every class above 0 is a label.
            ranking: Scores (B, K) that choose the hard categories instead of the peers' own.

        Raises:
            ValueError: For shapes that do not fit.
        """
        if logits.dim() != 3 or not len(logits) or targets.shape not in (logits.shape[1:2], logits.shape[1:]):
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must be (n, B, K) and class ids '
                '(B,) or labels (B, K)'
            )
        if ranking is not None and ranking.shape != logits.shape[1:]:
            raise ValueError(
                f'ranking {tuple(ranking.shape)} must be (B, K) as in logits {tuple(logits.shape)}'
            )
        n, images = logits.shape[:2]
        with torch.autocast(logits.device.type, enabled=False):
            logits = full_precision(logits)
            if n == 1:
                return logits.sum() * 0
            pairs = self.full_part(logits) if self.full else logits.new_zeros(images)  # (B,)
            if self.hard_ratio:
                ranking = self.ranking_of(logits) if ranking is None else ranking
                mask = hard_categories(ranking, targets, self.hard_ratio, self.including_label)
                pairs = pairs + self.hard_part(logits, mask)
            return self.current_weight * 2 / (n * (n - 1)) * pairs.sum() / max(images, 1)
