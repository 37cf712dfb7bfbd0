"""The loss of several experts on several augmented copies (NCL++, Tan et al., 2023)."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks


@MODELS.register_module()
class NestedCollaborativeLoss(nn.Module):
    """Classification of each expert, agreement of the experts and agreement of the copies.

    Source: NCL++ (Tan et al., 2023), eqs. (10) and (14). Its lambda is the ``loss_weight`` of ``inter`` and ``intra``.
    The authors' code is ``form='code'`` in ``hard``, ``inter`` and ``intra``: the hard categories are then those of the
    first expert, for all experts.

    Args:
        classification: Config of a loss of (rows, K) logits and the rows' labels that means over rows, eq. (3).
        hard: Config of the same on hard categories, eq. (9): HardCategoryLoss, or another with its ``ranking_of``.
        inter: Config of a :class:`PeerLoss` whose peers are the experts, eq. (12). Its hard categories come from
            the experts' logits of each copy.
        intra: Config of a :class:`PeerLoss` whose peers are the copies, eq. (13). Its hard categories come from the
            logits of all experts and copies, or of the first expert's first copy.
        learnable_weights: Replaces the ``loss_weight`` of ``intra`` and ``inter`` by the softmax of two
            parameters (Table 6).

    Raises:
        ValueError: For no loss at all, a loss that does not mean over rows, a ``hard`` that cannot rank classes, or
            learnable weights without both ``inter`` and ``intra``.
    """

    def __init__(
        self,
        classification: dict | None,
        hard: dict | None = None,
        inter: dict | None = None,
        intra: dict | None = None,
        learnable_weights: bool = False,
    ):
        super().__init__()
        configs = dict(classification=classification, hard=hard, inter=inter, intra=intra)
        for name, value in configs.items():
            checks.config(name, value, MODELS, optional=True)
        if not any(configs.values()):
            raise ValueError(f'{configs} has no loss, expected the config of at least one')
        if checks.flag('learnable_weights', learnable_weights):
            if not (inter and intra):
                raise ValueError(
                    f'learnable_weights={learnable_weights} needs both, got inter={inter} and intra={intra}'
                )
            inter, intra = dict(inter, loss_weight=1.0), dict(intra, loss_weight=1.0)
        self.classification = _built('classification', classification)
        self.hard = _built('hard', hard)
        if self.hard is not None and not hasattr(self.hard, 'ranking_of'):
            raise ValueError(f'hard is {hard}, expected HardCategoryLoss or another loss with its ranking_of')
        self.inter, self.intra = _built('inter', inter), _built('intra', intra)
        self.weights = nn.Parameter(torch.zeros(2)) if learnable_weights else None  # of inter and intra

    def forward(self, logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Losses and scalars of one batch.

        Args:
            logits: (E, T, B, K) of E experts on T copies of each of B images.
            targets: Class ids (B,), or labels (B, K).

        Returns:
            Of the losses that there are ``loss_cls``, ``loss_hard``, ``loss_inter`` and ``loss_intra``; with learnable
            weights, and without 'loss' in the key and so only logged, ``weight_inter`` and ``weight_intra``.

        Raises:
            ValueError: For logits of another number of dimensions or targets that do not fit.
        """
        if logits.dim() != 4 or targets.shape[:1] != logits.shape[2:3]:
            raise ValueError(
                f'logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must be (E, T, B, K) and class '
                'ids (B,) or labels (B, K)'
            )
        experts, copies = logits.shape[:2]
        rows, labels = logits.flatten(0, 2), _repeated(targets, experts * copies)
        results = {}
        if self.classification is not None:  # of the mean over all rows, E times is the sum over experts
            results['loss_cls'] = experts * self.classification(rows, labels)
        if self.hard is not None:
            ranking = self.hard.ranking_of(logits).flatten(0, 2)
            results['loss_hard'] = experts * self.hard(rows, labels, ranking=ranking)
        if self.inter is not None:
            results['loss_inter'] = self.inter(logits.flatten(1, 2), _repeated(targets, copies))
        if self.intra is not None:
            ranking = _repeated(self.intra.ranking_of(logits.flatten(0, 1)), experts)  # (E * B, K)
            peers = logits.transpose(0, 1).flatten(1, 2)  # (T, E * B, K)
            results['loss_intra'] = experts * self.intra(peers, _repeated(targets, experts), ranking)
        return results if self.weights is None else self._weighted(results, self.weights)

    @staticmethod
    def _weighted(results: dict[str, Tensor], weights: Tensor) -> dict[str, Tensor]:
        """The results with the learned weights on them and among them."""
        for name, weight in zip(('inter', 'intra'), weights.softmax(dim=0)):
            results[f'loss_{name}'] = weight * results[f'loss_{name}']
            results[f'weight_{name}'] = weight.detach()
        return results


def _built(name: str, config: dict | None) -> Any:
    """The loss of a config, or None."""
    if config is None:
        return None
    loss = MODELS.build(config)
    if getattr(loss, 'reduction', 'mean') != 'mean':
        raise ValueError(f"{name} has reduction {loss.reduction!r}, expected 'mean'")
    return loss


def _repeated(rows: Tensor, times: int) -> Tensor:
    """The rows of a tensor (B, ...), all of them ``times`` times, (times * B, ...)."""
    return rows.expand(times, *rows.shape).flatten(0, 1)
