"""The core of the focal losses against its formula, number by number, for hard and for soft labels."""

import math

import pytest
import torch

from mmlongtail.models.losses.multi_label.focal_bce import Side, focal_bce

PER_CLASS = [
    torch.tensor(v, dtype=torch.float64) for v in ([1.0, 2.0, 0.5], [5.0, 2.0, 1.0], [0.5, 2.0, 3.0])
]
SIDES = {
    'bce': (Side(), Side()),
    'focal': (Side(exponent=2.0), Side(exponent=2.0)),
    'one side': (Side(exponent=0.5), Side(5.0, 0.2)),
    'numbers': (Side(2.0, 1 / 3, 1.5), Side(5.0, 0.25, 2.0)),
    'per class': (Side(*PER_CLASS), Side(*PER_CLASS[::-1])),
    'mixed': (Side(1.0, PER_CLASS[1], 2.0), Side(PER_CLASS[0], 2.0, PER_CLASS[2])),
}
SOFT = [[0.25, 1, 0], [0, 0.5, 1]]


def naive(z, y, k, sides, bias, plain):
    total = 0.0
    for sign, share, side in ((-1, y, sides[0]), (1, 1 - y, sides[1])):
        scale, factor, exponent = (v[k].item() if isinstance(v, torch.Tensor) else v for v in side)
        error = sign * scale * (z + bias)
        focus = sign * z if plain else error
        total += share * factor * (1 + math.exp(-focus)) ** -exponent * math.log1p(math.exp(error))
    return total


@pytest.mark.parametrize('name', SIDES)
@pytest.mark.parametrize('targets', [[[1, 0, 0], [0, 1, 1]], SOFT], ids=['hard', 'soft'])
@pytest.mark.parametrize('plain', [False, True], ids=['scaled', 'plain'])
def test_equals_the_formula(name, targets, plain):
    logits = torch.tensor([[0.3, -2.0, 4.0], [-1.0, 0.7, 2.5]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor(targets, dtype=torch.float64)
    losses = focal_bce(logits, y, *SIDES[name], 0.2, plain)
    expected = [
        [naive(z, t, k, SIDES[name], 0.2, plain) for k, (z, t) in enumerate(zip(*rows))]
        for rows in zip(logits.tolist(), y.tolist())
    ]
    assert torch.allclose(losses, torch.tensor(expected, dtype=torch.float64), rtol=1e-12)
    assert torch.autograd.gradcheck(lambda z: focal_bce(z, y, *SIDES[name], 0.2, plain), logits)


@pytest.mark.parametrize('label', [0.0, 1.0])
def test_hard_labels_cost_the_same_beside_a_soft_one(label):
    logits = torch.linspace(-30, 30, 12, dtype=torch.float64).view(4, 3)
    hard = torch.full((4, 3), label, dtype=torch.float64)
    soft = torch.cat([hard, hard.new_full((1, 3), 0.5)])
    sides = SIDES['per class']
    beside = focal_bce(torch.cat([logits, logits[:1]]), soft, *sides)[:4]
    assert torch.allclose(focal_bce(logits, hard, *sides), beside, rtol=1e-12)


def test_no_images():
    assert focal_bce(torch.zeros(0, 3), torch.zeros(0, 3), *SIDES['focal']).shape == (0, 3)
