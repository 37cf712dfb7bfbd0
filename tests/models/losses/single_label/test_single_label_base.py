"""The log-odds that all single-label losses stand on, and the base class with a loss worked by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses import SingleLabelLoss
from mmlongtail.models.losses.single_label.base import (
    cross_entropy,
    log_odds,
    present_labels,
    softmax_log_odds,
)


class Table(SingleLabelLoss):
    """The logits themselves are the losses of the labels."""

    def label_losses(self, logits, labels):
        return logits.gather(1, labels)


def logits(images=6, classes=5, size=3.0):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(images, classes, generator=generator, dtype=torch.float64) * size


def naive_odds(row, k):
    """log(p / (1 - p)), p being the softmax's share of class k."""
    return row[k] - math.log(sum(math.exp(z) for j, z in enumerate(row) if j != k))


@pytest.mark.parametrize('classes', [2, 3, 9])
@pytest.mark.parametrize('size', [0.0, 1.0, 20.0])
def test_log_odds_equal_the_sums(classes, size):
    z = logits(classes=classes, size=size)  # of size 0 all classes are the highest
    expected = [[naive_odds(row, k) for k in range(classes)] for row in z.tolist()]
    assert torch.allclose(softmax_log_odds(z), torch.tensor(expected, dtype=z.dtype), rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(softmax_log_odds, z.requires_grad_())


@pytest.mark.parametrize('labels', [1, 2, 5])
@pytest.mark.parametrize('size', [1.0, 20.0])
def test_log_odds_of_some_labels_are_those_of_all(labels, size):
    z = logits(size=size)
    chosen = torch.stack([torch.randperm(5, generator=torch.Generator().manual_seed(i)) for i in range(6)])[
        :, :labels
    ]
    assert torch.allclose(log_odds(z, chosen), softmax_log_odds(z).gather(1, chosen), rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(lambda z: log_odds(z, chosen), z.requires_grad_())


@pytest.mark.parametrize('labels', [1, 2, 5])
def test_log_odds_of_scaled_and_shifted_logits(labels):
    z, shift = logits(), logits().flip(0)
    chosen = torch.arange(labels).expand(6, labels)
    expected = softmax_log_odds(3 * z + shift).gather(1, chosen)
    assert torch.allclose(log_odds(z, chosen, 3.0, shift), expected, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(lambda z: log_odds(z, chosen, 3.0, shift), z.requires_grad_())


def test_log_odds_where_the_two_labels_are_all_classes():
    z = torch.tensor([[3.0, -1e4], [2.0, 2.0]], requires_grad=True)
    odds = log_odds(z, torch.tensor([[0, 1], [1, 0]]))
    assert odds.tolist() == [[10003, -10003], [0, 0]]
    odds.sum().backward()
    assert z.grad.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ('shares', 'expected'),
    [
        ([[0, 0, 1, 0], [0, 1, 0, 0]], [{2}, {1}]),
        ([[0, 0.3, 0.7, 0], [0, 1, 0, 0]], [{1, 2}, {1}]),
        ([[0.2, 0.3, 0.5, 0], [0, 1, 0, 0]], [{0, 1, 2, 3}, {0, 1, 2, 3}]),
        ([[0, 0, 0, 0]], [set()]),
        ([[1], [1]], [{0}, {0}]),
    ],
    ids=['ids', 'two', 'three', 'none', 'one class'],
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_present_labels(shares, expected, dtype):
    shares = torch.tensor(shares).to(dtype)
    labels = present_labels(shares)
    assert all(wanted <= set(row) for wanted, row in zip(expected, labels.tolist()))
    assert all(len(set(row)) == len(row) for row in labels.tolist())
    assert labels.size(1) == max(1, *map(len, expected))
    assert present_labels(shares[:0]).shape[0] == 0


def test_log_odds_where_exponentials_have_no_digits_left():
    z = torch.tensor([[1e4, 0.0, -1e4], [50.0, 50.0, -1e4], [30.0, 0.0, 0.0]]).requires_grad_()
    odds = softmax_log_odds(z)
    assert odds[0].tolist() == [1e4, -1e4, -2e4]
    assert odds[1, :2].abs().max() < 1e-4
    assert odds[2, 0].item() == pytest.approx(30 - math.log(2))  # by 1 - p in float32 it would be infinite
    odds.sum().backward()
    assert z.grad.isfinite().all()


def test_cross_entropy_is_the_softplus_of_the_odds():
    z, targets = logits(), torch.tensor([0, 1, 2, 3, 4, 0])
    losses = F.softplus(-softmax_log_odds(z)).gather(1, targets[:, None])[:, 0]
    expected = F.cross_entropy(z, targets, reduction='none')
    assert torch.allclose(losses, expected, rtol=1e-8)
    assert torch.allclose(cross_entropy(z, targets[:, None])[:, 0], expected, rtol=1e-12)


def test_a_single_class_costs_nothing():
    z = torch.tensor([[3.0], [-1e4]], requires_grad=True)
    losses = F.softplus(0.5 - softmax_log_odds(z))
    losses.sum().backward()
    assert losses.tolist() == [[0], [0]] and z.grad.tolist() == [[0], [0]]


TABLE = torch.tensor([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])


@pytest.mark.parametrize(
    ('targets', 'expected'),
    [
        (torch.tensor([2, 0]), [100, 2]),
        (torch.tensor([2, 0], dtype=torch.int32), [100, 2]),
        (torch.tensor([[0, 0, 1], [1, 0, 0]]), [100, 2]),
        (torch.tensor([[0.25, 0.75, 0], [0, 0.5, 0.5]]), [7.75, 110]),
        (torch.tensor([[0.2, 0.3, 0.5], [1, 0, 0]]), [53.2, 2]),
    ],
    ids=['ids', 'int32', 'one-hot', 'two labels', 'three labels'],
)
def test_labels_and_shares_of_labels(targets, expected):
    assert Table(reduction='none')(TABLE, targets).tolist() == pytest.approx(expected)


def test_losses_have_the_type_of_the_logits():
    shares = torch.tensor([[0.25, 0.75, 0], [0, 0.5, 0.5]], dtype=torch.float64)
    assert Table(reduction='none')(TABLE, shares).dtype == torch.float32


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(), 51),
        (dict(avg_factor=2), 51),
        (dict(avg_factor=4), 25.5),
        (dict(reduction_override='sum'), 102),
        (dict(weight=torch.tensor([0.1, 2])), 7),
        (dict(weight=torch.tensor([0, 1]), avg_factor=1), 2),
    ],
    ids=str,
)
def test_reductions(arguments, expected):
    targets = torch.tensor([2, 0])
    assert Table()(TABLE, targets, **arguments).item() == pytest.approx(expected)
    assert Table(loss_weight=0.5)(TABLE, targets, **arguments).item() == pytest.approx(expected / 2)


@pytest.mark.parametrize(
    'targets',
    [torch.zeros(3), torch.zeros(2), torch.zeros(2, 2), torch.zeros(2, 1).long(), torch.zeros(3).long()],
)
def test_targets_that_do_not_fit(targets):
    with pytest.raises(ValueError, match=r'\(2, 3\)'):
        Table()(TABLE, targets)
    with pytest.raises(ValueError, match=r'\(2,\)'):
        Table()(TABLE[:, 0], torch.zeros(2).long())


def test_bad_reductions():
    with pytest.raises(ValueError, match="'average'.*'mean'"):
        Table(reduction='average')
    with pytest.raises(ValueError, match="'average'.*'mean'"):
        Table()(TABLE, torch.tensor([2, 0]), reduction_override='average')
    with pytest.raises(ValueError, match='avg_factor=2.*"sum"'):
        Table(reduction='sum')(TABLE, torch.tensor([2, 0]), avg_factor=2)
