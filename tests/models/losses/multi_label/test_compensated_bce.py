import math

import pytest
import torch

from mmlongtail.models.losses import CompensatedBCELoss, FrequencyWeightedBCELoss

COUNTS, IMAGES = [70, 12, 3, 0], 100


def naive(logits, targets, mu_pos, mu_neg, sigma_pos, sigma_neg):
    """Eq. (6), number by number in float64; the four vectors as lists."""
    total = 0.0
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for k, (z, y) in enumerate(zip(z_row, y_row)):
            rho = COUNTS[k] / IMAGES
            weight = y * math.exp(1 - rho) + (1 - y) * math.exp(rho)
            positive = math.log(1 / (1 + math.exp(-(z * sigma_pos[k] + mu_pos[k]))))
            negative = math.log(1 - 1 / (1 + math.exp(-(z * sigma_neg[k] + mu_neg[k]))))
            total -= weight * (y * positive + (1 - y) * negative)
    return total / logits.numel()


@pytest.fixture
def case():
    """A loss in float64 with learned values, and a batch."""
    generator = torch.Generator().manual_seed(1)
    loss = CompensatedBCELoss(4, COUNTS, IMAGES).double()
    for parameter in loss.parameters():
        parameter.data += torch.randn(4, generator=generator, dtype=torch.float64) / 2
    logits = torch.randn(5, 4, generator=generator, dtype=torch.float64) * 2
    return loss, logits, (torch.rand(5, 4, generator=generator) < 0.4).long()


def test_equals_eq_6(case):
    loss, logits, targets = case
    vectors = {name: value.tolist() for name, value in loss.named_parameters()}
    assert loss(logits, targets).item() == pytest.approx(naive(logits, targets, **vectors), rel=1e-12)
    nothing = torch.zeros_like(targets)  # no positives in the batch
    assert loss(logits, nothing).item() == pytest.approx(naive(logits, nothing, **vectors), rel=1e-12)


@pytest.mark.parametrize('more', [{}, dict(loss_weight=0.3), dict(reduction='sum')], ids=str)
def test_starts_as_eq_4(more):
    logits, targets = torch.randn(5, 4), torch.ones(5, 4)
    plain, compensated = (
        FrequencyWeightedBCELoss(COUNTS, IMAGES),
        CompensatedBCELoss(4, COUNTS, IMAGES, **more),
    )
    of_sum = 5 if 'reduction' in more else 1
    expected = plain(logits, targets) * more.get('loss_weight', 1) * of_sum
    torch.testing.assert_close(compensated(logits, targets), expected)


def test_gradients_of_logits_and_learned_vectors(case):
    loss, logits, targets = case

    def value(z, mu_pos, mu_neg, sigma_pos, sigma_neg):
        vectors = dict(mu_pos=mu_pos, mu_neg=mu_neg, sigma_pos=sigma_pos, sigma_neg=sigma_neg)
        return torch.func.functional_call(loss, vectors, (z, targets))

    vectors = [getattr(loss, name) for name in ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')]
    assert torch.autograd.gradcheck(value, (logits.requires_grad_(), *vectors))


@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(size, dtype):
    loss = CompensatedBCELoss(4, COUNTS, IMAGES)
    logits = torch.tensor([[-size] * 4, [size] * 4], dtype=dtype, requires_grad=True)
    for targets in (torch.zeros(2, 4), torch.ones(2, 4)):
        with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
            value = loss(logits, targets)
        value.backward()
        assert value.isfinite() and value.item() > size / 4
    assert all(tensor.grad.isfinite().all() for tensor in (logits, *loss.parameters()))


def test_learned_vectors_are_saved_and_logged(case):
    loss = case[0]
    assert set(loss.state_dict()) == {'mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg'}
    scalars = loss.scalars()
    assert scalars['sigma_pos'].item() == pytest.approx(sum(loss.sigma_pos.tolist()) / 4)
    assert set(scalars) == set(loss.state_dict()) and not any(v.requires_grad for v in scalars.values())


def test_number_of_classes_must_fit():
    with pytest.raises(ValueError, match='num_classes is 0'):
        CompensatedBCELoss(0)
    with pytest.raises(ValueError, match='1 classes.*num_classes is 4'):
        CompensatedBCELoss(4, COUNTS, IMAGES)(torch.zeros(2, 1), torch.zeros(2, 1))
