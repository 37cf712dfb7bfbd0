"""Cumulative learning of two branches (Zhou, Cui, Wei & Chen, CVPR 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

from .streams import loss_or_zero, stream_rows


@MODELS.register_module()
class CumulativeLoss(nn.Module):
    """Loss of the weighted sum of two branches whose weight moves from one to the other over the epochs.

    Source: Zhou, Cui, Wei & Chen, "BBN: Bilateral-Branch Network with Cumulative Learning for Long-Tailed Visual
    Recognition", CVPR 2020, section 4. Each image x_u of the first stream has a partner x_r in the second::

        alpha = 1 - (T / T_max)^2
        z     = alpha z_0(x_u) + (1 - alpha) z_1(x_r)
        loss  = alpha L(z, y_u) + (1 - alpha) L(z, y_r)

    The paper scales the features and applies one linear layer to both; with one layer per branch that is the same
    up to the bias, which here is mixed too. T is the number of epochs done, from 0: the first
    epoch has alpha = 1 and trains the first branch and the trunk alone. TrainingProgressHook tells T and T_max.
    Predictions weigh both branches with one half: ``average='logit'`` of MultiBranchHead.

    Args:
        streams: Names of the stream of the first branch and of the second.
        classification: Config of the loss L, a mean when called with logits and targets (B, K) alone: of several
            labels ours and CrossEntropyLoss, of one label ``dict(type='CrossEntropyLoss', use_soft=True)``.

    Raises:
        ValueError: For other than two different streams, logits of other than two branches, progress out of its
            range, or images of no or of other streams.
        RuntimeError: If the loss was never told the progress of the training.
    """

    def __init__(self, streams: Sequence[str] = ('uniform', 'rebalanced'), *, classification: dict):
        super().__init__()
        self.streams = checks.sequence('streams', streams, checks.text, length=2)
        if streams[0] == streams[1]:
            checks.refuse('streams', streams, 'the names of two different streams')
        self.classification = MODELS.build(checks.config('classification', classification, MODELS))
        self.alpha: float | None = None

    def set_progress(self, epochs_done: int, max_epochs: int) -> None:
        """Set alpha from the number of epochs done and of all epochs of the training."""
        if not 0 <= epochs_done <= max_epochs or max_epochs < 1:
            raise ValueError(
                f'epochs_done is {epochs_done} and max_epochs {max_epochs}, expected 0 <= epochs_done <= max_epochs '
                'and at least one epoch'
            )
        self.alpha = 1 - (epochs_done / max_epochs) ** 2

    def forward(self, logits: Tensor, targets: Tensor, streams: Sequence[str | None]) -> dict[str, Tensor]:
        """Loss and scalars of one batch.

        Args:
            logits: (2, B, K), both branches on every image.
            targets: (B, K), multi-hot or shares of the classes.
            streams: Names of the streams that the B images came from. The i-th image of one is the partner of the
                i-th of the other; what has none, in a last short batch, is left out.

        Returns:
            ``loss`` and, only logged, ``alpha`` and the ``scalars()`` of the classification loss.
        """
        if self.alpha is None:
            raise RuntimeError(
                "CumulativeLoss does not know the training's progress: list TrainingProgressHook in default_hooks, "
                'or call set_progress(epochs_done, max_epochs) before each epoch'
            )
        if len(logits) != 2:
            raise ValueError(
                f'logits of {len(logits)} branches, expected two, one for each of {self.streams}'
            )
        rows = stream_rows(self.streams, streams, logits.device)
        pairs = min(map(len, rows.values()))
        first, second = (rows[name][:pairs] for name in self.streams)
        logits = full_precision(logits)
        mixed = self.alpha * logits[0, first] + (1 - self.alpha) * logits[1, second]  # (pairs, K)
        loss = self.alpha * loss_or_zero(self.classification, mixed, targets[first])
        loss = loss + (1 - self.alpha) * loss_or_zero(self.classification, mixed, targets[second])
        scalars: dict[str, Tensor] = getattr(self.classification, 'scalars', dict)()
        return dict(loss=loss, alpha=logits.new_full((), self.alpha), **scalars)
