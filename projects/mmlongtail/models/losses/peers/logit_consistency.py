"""Agreement between two branches on the same images (Guo & Wang, CVPR 2021, eq. 7)."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

SPACES = ('logit', 'probability')


@MODELS.register_module()
class LogitConsistencyLoss(nn.Module):
    """Mean square of the difference of two logit sets of the same images; the gradient flows into both.

    Source: Guo & Wang, CVPR 2021, eq. (7); in the probability version (their Table 4) both sides pass the
    logistic function first.

    Args:
        space: 'logit' or 'probability'.
        loss_weight: The lambda of eq. (3).

    Raises:
        ValueError: For an unknown space or sides of different shapes.
    """

    def __init__(self, space: str = 'logit', loss_weight: float = 1.0):
        super().__init__()
        self.space = checks.choice('space', space, SPACES)
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The mean over images and classes of sides (B, K) and (B, K); 0 for B = 0."""
        if first.shape != second.shape:
            raise ValueError(f'the two sides must have one shape, got {first.shape} and {second.shape}')
        with torch.autocast(first.device.type, enabled=False):
            first, second = full_precision(first), full_precision(second)
            if self.space == 'probability':
                first, second = first.sigmoid(), second.sigmoid()
            return self.loss_weight * (first - second).square().sum() / max(first.numel(), 1)
