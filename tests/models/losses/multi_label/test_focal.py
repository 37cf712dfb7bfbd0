import math

import pytest
import torch

from mmlongtail.models.losses import MultiLabelFocalLoss


def naive(logits, targets, gamma, balance):
    """balance * (1 - p_t)^gamma * -log p_t, number by number in float64."""
    total = 0.0
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for z, y in zip(z_row, y_row):
            p = 1 / (1 + math.exp(-z))
            total -= y * (1 - p) ** gamma * math.log(p) + (1 - y) * p**gamma * math.log(1 - p)
    return balance * total / logits.numel()


def batch(images=6, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    return logits, (torch.rand(images, classes, generator=generator) < 0.3).long()


@pytest.mark.parametrize(('images', 'classes'), [(6, 4), (1, 4), (6, 1)])
@pytest.mark.parametrize(('gamma', 'balance'), [(2, 2), (0.5, 1), (0, 3)])
def test_equals_the_formula(images, classes, gamma, balance):
    logits, targets = batch(images, classes)
    loss = MultiLabelFocalLoss(focal_gamma=gamma, balance=balance)
    expected = naive(logits, targets, gamma, balance)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-12)
    assert loss(logits.float(), targets, avg_factor=images).item() == pytest.approx(expected, rel=1e-5)


def test_defaults_by_hand():
    logits = torch.tensor([[0.0, math.log(3)], [-math.log(3), 0.0]])  # p 1/2 3/4 | 1/4 1/2
    elements = MultiLabelFocalLoss(reduction='none')(logits, torch.tensor([[1, 0], [1, 0]]))
    half = 2 * math.log(2) / 4
    wrong = 2 * (9 / 16) * math.log(4)
    assert elements.flatten().tolist() == pytest.approx([half, wrong, wrong, half], rel=1e-6)


def test_soft_labels_mix_both_sides():
    logits = batch()[0]
    soft = torch.rand(logits.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert MultiLabelFocalLoss()(logits, soft).item() == pytest.approx(naive(logits, soft, 2, 2), rel=1e-12)


def test_without_focus_it_is_bce():
    logits, targets = batch()
    bce = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets.double())
    assert torch.allclose(MultiLabelFocalLoss(focal_gamma=0, balance=1)(logits, targets), bce, rtol=1e-12)


@pytest.mark.parametrize('bad', [dict(focal_gamma=-1), dict(balance=0)], ids=str)
def test_bad_arguments_are_refused(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f'{name} is {value}'):
        MultiLabelFocalLoss(**bad)
