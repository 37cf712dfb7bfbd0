import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses import ClassBalancedCELoss

COUNTS = [500, 60, 5, 0]  # the last class counts as one with a single image


def naive(logits, targets, beta, gamma, counts):
    """Weighted focal cross-entropy, number by number in float64."""
    raw = [(1 - beta) / (1 - beta ** max(n, 1)) for n in counts]
    weight = [w * len(raw) / sum(raw) for w in raw]
    total = 0.0
    for row, y in zip(logits.tolist(), targets.tolist()):
        p = math.exp(row[y]) / sum(math.exp(z) for z in row)
        total -= weight[y] * (1 - p) ** gamma * math.log(p)
    return total / len(logits)


def batch(images=8, classes=4):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    return logits, torch.arange(images) % classes


@pytest.mark.parametrize('beta', [0, 0.9, 0.9999])
@pytest.mark.parametrize('gamma', [0, 0.5, 1, 2])
@pytest.mark.parametrize('counts', [COUNTS, COUNTS[:2]], ids=str)
def test_equals_the_formula(beta, gamma, counts):
    logits, targets = batch(classes=len(counts))
    loss, expected = ClassBalancedCELoss(beta, gamma, counts), naive(logits, targets, beta, gamma, counts)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-9)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('gamma', [0, 2])
def test_mixed_labels_mix_the_losses(gamma):
    (logits, first), lam = batch(), 0.3
    mixed = lam * F.one_hot(first, 4) + (1 - lam) * F.one_hot(first.flip(0), 4)
    parts = (naive(logits, labels, 0.9999, gamma, COUNTS) for labels in (first, first.flip(0)))
    expected = lam * next(parts) + (1 - lam) * next(parts)
    loss = ClassBalancedCELoss(focal_gamma=gamma, class_counts=COUNTS)
    assert loss(logits, mixed).item() == pytest.approx(expected, rel=1e-6)


def test_weights_by_hand():
    loss = ClassBalancedCELoss(0.5, class_counts=[1, 2, 3], reduction='none')
    losses = loss(torch.zeros(3, 3), torch.arange(3))  # weights 1, 2/3 and 4/7, their sum 47/21
    assert losses.tolist() == pytest.approx([w / 47 * math.log(3) for w in (63, 42, 36)])


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(beta=1), 'beta is 1'),
        (dict(beta=-0.1), 'beta is -0.1'),
        (dict(focal_gamma=-1), 'focal_gamma is -1'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        ClassBalancedCELoss(**arguments)
