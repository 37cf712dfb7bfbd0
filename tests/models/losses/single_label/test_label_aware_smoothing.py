import math

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.losses import LabelSmoothLoss

from mmlongtail.models.losses import LabelAwareSmoothingLoss

COUNTS = [500, 260, 60, 5, 0]
SHAPES = ['concave', 'linear', 'convex']


def smoothing(n, shape, head, tail, counts):
    low, high = min(counts), max(counts)
    t = 1.0 if low == high else (n - low) / (high - low)
    bend = dict(
        concave=math.sin(math.pi * t / 2), linear=t, convex=1 + math.sin(1.5 * math.pi + math.pi * t / 2)
    )
    return tail + (head - tail) * bend[shape]


def naive(logits, targets, shape, counts, head=0.4, tail=0.1):
    """Cross-entropy with a distribution of labels, number by number in float64."""
    total, k = 0.0, len(counts)
    for row, y in zip(logits.tolist(), targets.tolist()):
        epsilon = smoothing(counts[y], shape, head, tail, counts)
        bottom = sum(math.exp(z) for z in row)
        for j, z in enumerate(row):
            total -= ((1 - epsilon) * (j == y) + epsilon / k) * math.log(math.exp(z) / bottom)
    return total / len(logits)


def batch(images=10, classes=5):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    return logits, torch.arange(images) % classes


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('ends', [{}, dict(head=0.9, tail=0), dict(head=0.1, tail=0.3)], ids=str)
@pytest.mark.parametrize('counts', [COUNTS, COUNTS[:2], [7, 7, 7], [3], [0]], ids=str)
def test_equals_the_formula(shape, ends, counts):
    logits, targets = batch(classes=len(counts))
    loss = LabelAwareSmoothingLoss(
        shape=shape, class_counts=counts, **{f'smooth_{name}': value for name, value in ends.items()}
    )
    expected = naive(logits, targets, shape, counts, **ends)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_smoothing_by_hand():
    values = [
        LabelAwareSmoothingLoss(0.5, 0.1, shape).smoothing(torch.tensor([40.0, 20.0, 0.0])).tolist()
        for shape in SHAPES
    ]
    half = 0.5**0.5
    assert values[0] == pytest.approx([0.5, 0.1 + 0.4 * half, 0.1])
    assert values[1] == pytest.approx([0.5, 0.3, 0.1])
    assert values[2] == pytest.approx([0.5, 0.5 - 0.4 * half, 0.1])


def test_equal_smoothing_is_the_hosts_label_smoothing():
    logits, targets = batch()
    expected = LabelSmoothLoss(0.2, num_classes=5)(logits, targets).item()
    loss = LabelAwareSmoothingLoss(0.2, 0.2, class_counts=COUNTS)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-6)


def test_mixed_labels_mix_the_losses():
    (logits, first), lam = batch(), 0.3
    mixed = lam * F.one_hot(first, 5) + (1 - lam) * F.one_hot(first.flip(0), 5)
    parts = [naive(logits, labels, 'concave', COUNTS) for labels in (first, first.flip(0))]
    loss = LabelAwareSmoothingLoss(class_counts=COUNTS)
    assert loss(logits, mixed).item() == pytest.approx(lam * parts[0] + (1 - lam) * parts[1], rel=1e-6)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(smooth_head=1.5), 'smooth_head is 1.5'),
        (dict(smooth_tail=-0.1), 'smooth_tail is -0.1'),
        (dict(shape='exp'), "shape is 'exp'.*convex"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        LabelAwareSmoothingLoss(**arguments)
