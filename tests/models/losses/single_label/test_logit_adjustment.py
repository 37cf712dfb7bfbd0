import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses import LogitAdjustmentLoss

COUNTS = [500, 60, 5, 0]  # the last class counts as one with a single image


def naive(logits, targets, tau, counts):
    """-log of pi_y^tau exp(z_y) over the sum of all classes, number by number in float64."""
    total = 0.0
    prior = [max(n, 1) / sum(max(n, 1) for n in counts) for n in counts]
    for row, y in zip(logits.tolist(), targets.tolist()):
        terms = [p**tau * math.exp(z) for p, z in zip(prior, row)]
        total -= math.log(terms[y] / sum(terms))
    return total / len(logits)


def batch(images=8, classes=4):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    return logits, torch.arange(images) % classes


@pytest.mark.parametrize('tau', [1, 0.5, 2, 0])
@pytest.mark.parametrize('counts', [COUNTS, COUNTS[:2], [3]], ids=str)
def test_equals_the_formula(tau, counts):
    logits, targets = batch(classes=len(counts))
    loss, expected = LogitAdjustmentLoss(tau, counts), naive(logits, targets, tau, counts)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-10, abs=1e-15)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_equal_counts_or_no_tau_is_cross_entropy():
    logits, targets = batch()
    expected = F.cross_entropy(logits, targets).item()
    for loss in (LogitAdjustmentLoss(3, [9] * 4), LogitAdjustmentLoss(0, COUNTS)):
        assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-12)


def test_mixed_labels_mix_the_losses():
    (logits, first), lam = batch(), 0.3
    mixed = lam * F.one_hot(first, 4) + (1 - lam) * F.one_hot(first.flip(0), 4)
    expected = lam * naive(logits, first, 1, COUNTS) + (1 - lam) * naive(logits, first.flip(0), 1, COUNTS)
    assert LogitAdjustmentLoss(class_counts=COUNTS)(logits, mixed).item() == pytest.approx(expected, rel=1e-6)


def test_negative_tau_is_refused():
    with pytest.raises(ValueError, match='tau is -1'):
        LogitAdjustmentLoss(-1)
