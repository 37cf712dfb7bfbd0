import math

import pytest
import torch

from mmlongtail.models.losses import LogitConsistencyLoss

FIRST = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
SECOND = torch.tensor([[0.0, -1.0, 0.5], [2.0, 3.0, 1.0]])


def naive(first, second, function):
    """Eq. (7), number by number, mean over images."""
    pairs = zip(first.flatten().tolist(), second.flatten().tolist())
    return sum((function(a) - function(b)) ** 2 for a, b in pairs) / first.numel()


@pytest.mark.parametrize(
    ('space', 'function'), [('logit', float), ('probability', lambda z: 1 / (1 + math.exp(-z)))]
)
def test_equals_eq_7(space, function):
    loss = LogitConsistencyLoss(space, loss_weight=0.1)
    expected = 0.1 * naive(FIRST, SECOND, function)
    assert loss(FIRST.double(), SECOND.double()).item() == pytest.approx(expected, rel=1e-12)
    assert loss(FIRST[:1], SECOND[:1]).item() == pytest.approx(0.1 * naive(FIRST[:1], SECOND[:1], function))


@pytest.mark.parametrize('space', ['logit', 'probability'])
def test_gradient_flows_into_both_sides(space):
    sides = FIRST.double().requires_grad_(), SECOND.double().requires_grad_()
    assert torch.autograd.gradcheck(LogitConsistencyLoss(space), sides)
    LogitConsistencyLoss(space)(*sides).backward()
    assert sides[0].grad.abs().sum() > 0
    assert torch.allclose(sides[0].grad[FIRST == 1], -sides[1].grad[FIRST == 1]) or space == 'probability'


@pytest.mark.parametrize('space', ['logit', 'probability'])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(space, size, dtype):
    first = torch.full((2, 3), size, dtype=dtype, requires_grad=True)
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = LogitConsistencyLoss(space)(first, -first.detach())
    value.backward()
    assert first.grad.isfinite().all()
    assert value.item() == pytest.approx((2 * size) ** 2 if space == 'logit' else 1)


def test_one_number_each():
    assert LogitConsistencyLoss()(FIRST[:1, :1], SECOND[:1, :1]).item() == 1


def test_no_images_cost_nothing():
    first = torch.zeros(0, 3, requires_grad=True)
    value = LogitConsistencyLoss()(first, torch.zeros(0, 3))
    value.backward()
    assert value.item() == 0 and first.grad is not None


def test_errors():
    with pytest.raises(ValueError, match="'cosine'.*probability"):
        LogitConsistencyLoss('cosine')
    with pytest.raises(ValueError, match='loss_weight is -1'):
        LogitConsistencyLoss(loss_weight=-1)
    with pytest.raises(ValueError, match='one shape.*3.*1'):
        LogitConsistencyLoss()(FIRST, SECOND[:, :1])
