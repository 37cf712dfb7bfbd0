"""The loss of several branches that learn from several sampling streams (Guo & Wang, CVPR 2021, eq. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks

from .peer_loss import PeerLoss
from .streams import loss_or_zero, stream_rows


@MODELS.register_module()
class CollaborativeLoss(nn.Module):
    """Classification of each branch on its own streams plus agreement of the branches on every stream.

    Source: Guo & Wang, CVPR 2021, eq. (3). The ablations of the paper are other values of the arguments: no
    consistency (None), a branch on the union (``streams=[['uniform', 'rebalanced']]``), the same sampling
    twice (two uniform streams of different names), flipped views of one branch (``[['uniform']] * 2``).

    Args:
        streams: For each branch the names of the streams it learns from.
        classification: Config of a multi-label loss that means over images and classes; each branch builds
            its own, so learned parameters are not shared.
        consistency: Config of a loss of two logit sets, of which more branches give the mean over their pairs, or of a
            :class:`PeerLoss` of all branches; or None.

    Raises:
        ValueError: For a branch without streams, consistency of one branch, logits of another number of
            branches, or streams in the batch that are missing or that no branch learns from.
    """

    def __init__(
        self, streams: Sequence[Sequence[str]], classification: dict, consistency: dict | None = None
    ):
        super().__init__()
        names_of = partial(checks.sequence, of=checks.text, at_least=1)
        self.streams = checks.sequence('streams', streams, names_of, at_least=1)
        if consistency is not None and len(streams) < 2:
            raise ValueError(f'consistency={consistency} needs two branches, but streams={streams} names one')
        self.names = tuple(dict.fromkeys(name for names in self.streams for name in names))
        self.classification = nn.ModuleList(
            MODELS.build(checks.config('classification', classification, MODELS)) for _ in streams
        )
        checks.config('consistency', consistency, MODELS, optional=True)
        self.consistency: Any = None if consistency is None else MODELS.build(consistency)

    def forward(self, logits: Tensor, targets: Tensor, streams: Sequence[str | None]) -> dict[str, Tensor]:
        """Losses and scalars of one batch.

        Args:
            logits: (n, B, K), every branch on every image.
            targets: (B, K), multi-hot.
            streams: Names of the streams that the B images came from.

        Returns:
            ``loss_cls_branch<i>``, ``loss_con_<stream>`` and, without 'loss' in the key and so only
            logged, the ``scalars()`` of the classification losses as ``branch<i>_<name>``.
        """
        if len(logits) != len(self.streams):
            raise ValueError(
                f'logits of {len(logits)} branches, but streams={self.streams} has {len(self.streams)}'
            )
        rows = stream_rows(self.names, streams, logits.device)
        results = {}
        for i, (names, loss) in enumerate(zip(self.streams, self.classification)):
            own = torch.cat([rows[name] for name in names])
            results[f'loss_cls_branch{i}'] = loss_or_zero(loss, logits[i, own], targets[own])
            for name, value in getattr(loss, 'scalars', dict)().items():
                results[f'branch{i}_{name}'] = value
        if self.consistency is not None:
            for name, own in rows.items():
                results[f'loss_con_{name}'] = self._agreement(logits[:, own], targets[own])
        return results

    def _agreement(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Consistency of the branches' logits (n, B, K) on the images of one stream."""
        if isinstance(self.consistency, PeerLoss):
            return self.consistency(logits, targets)
        values = [self.consistency(first, second) for first, second in combinations(logits, 2)]
        return sum(values) / len(values)
