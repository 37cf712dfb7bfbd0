import math

import pytest
import torch
from mmpretrain.registry import MODELS

COUNTS = [500, 60, 5, 0]  # the last class counts as one with a single image


def naive(logits, targets):
    """-log(n_y exp(z_y) / sum_j n_j exp(z_j)), number by number in float64."""
    total = 0.0
    for row, y in zip(logits.tolist(), targets.tolist()):
        terms = [max(n, 1) * math.exp(z) for n, z in zip(COUNTS, row)]
        total -= math.log(terms[y] / sum(terms))
    return total / len(logits)


def test_equals_the_formula():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, 4, generator=generator, dtype=torch.float64) * 3
    targets = torch.arange(8) % 4
    loss = MODELS.build(dict(type='BalancedSoftmaxLoss', class_counts=COUNTS, reduction='sum'))
    assert loss(logits, targets).item() == pytest.approx(8 * naive(logits, targets), rel=1e-10)


def test_by_hand():
    loss = MODELS.build(dict(type='BalancedSoftmaxLoss', class_counts=[6, 3, 1], reduction='none'))
    assert loss(torch.zeros(3, 3), torch.arange(3)).exp().tolist() == pytest.approx([10 / 6, 10 / 3, 10])
