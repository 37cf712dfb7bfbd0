"""Effective-number and CBEN sampling against hand-worked cases and 50-digit arithmetic."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.stats import chisquare

from mmlongtail.datasets.samplers import (
    CBENSampler,
    ClassBalancedSampler,
    EffectiveNumberSampler,
    InstanceBalancedSampler,
)

COUNTS = [int(500 * 100 ** (-k / 99)) for k in range(100)]  # CIFAR-100-LT, imbalance factor 100


@pytest.fixture
def cifar(labels):
    """The labels of CIFAR-100-LT in class order."""
    return labels([[k] for k, count in enumerate(COUNTS) for _ in range(count)], 100)


@pytest.fixture
def four_one_two(labels):
    return labels([[0], [2], [0], [1], [0], [2], [0]], 3)


def exact(betas):
    """Probability of one image of each class of :data:`COUNTS`, with 50 digits, a class at a time."""
    weights = [(1 - beta) / (1 - beta**count) for beta, count in zip(betas, COUNTS)]
    total = sum(weight * count for weight, count in zip(weights, COUNTS))
    return [float(weight / total) for weight in weights]


def one_of_each_class(sampler):
    return sampler.probabilities(0)[np.cumsum([0, *COUNTS[:-1]])]


def test_effective_number_by_hand(four_one_two):
    """beta 1/2: effective numbers 15/8, 1 and 3/2 for 4, 1 and 2 images."""
    weights = np.array([8 / 15, 2 / 3, 8 / 15, 1, 8 / 15, 2 / 3, 8 / 15])
    sampler = EffectiveNumberSampler(four_one_two, beta=0.5, seed=0)
    assert sampler.probabilities(0) == pytest.approx(weights / weights.sum())


def test_cben_by_hand(four_one_two):
    """Clouds 0, log 4 and log 2 become 0, 1 and 1/2: betas 1/2, 3/4 and 5/8."""
    weights = np.array([8 / 15, 8 / 13, 8 / 15, 1, 8 / 15, 8 / 13, 8 / 15])
    sampler = CBENSampler(four_one_two, a=0.5, b=0.25, seed=0)
    assert sampler.probabilities(0) == pytest.approx(weights / weights.sum())


def test_defaults_on_cifar_with_many_digits(cifar):
    with localcontext() as context:
        context.prec = 50
        clouds = [Decimal(COUNTS[0]).ln() - Decimal(count).ln() for count in COUNTS]
        betas = [Decimal('0.9999') + Decimal('0.00001') * cloud / max(clouds) for cloud in clouds]
        expected = dict(en=exact([Decimal('0.9999')] * 100), cben=exact(betas))
    assert one_of_each_class(EffectiveNumberSampler(cifar, seed=0)) == pytest.approx(
        expected['en'], rel=1e-10
    )
    assert one_of_each_class(CBENSampler(cifar, seed=0)) == pytest.approx(expected['cben'], rel=1e-10)
    assert (
        max(abs(np.divide(expected['cben'], expected['en']) - 1)) > 1e-4
    )  # so that the two can be told apart


@pytest.mark.parametrize('kind', [EffectiveNumberSampler, CBENSampler])
def test_drawn_frequencies(cifar, kind):
    sampler = kind(cifar, seed=3)
    drawn = sum(np.bincount(sampler.order(epoch), minlength=len(cifar)) for epoch in range(30))
    by_class = np.bincount(np.repeat(range(100), COUNTS), drawn)
    probabilities = one_of_each_class(sampler) * COUNTS
    assert 0.001 < chisquare(by_class, drawn.sum() * probabilities).pvalue < 0.999


def test_limits_of_beta(cifar):
    instances, classes = InstanceBalancedSampler(cifar, seed=0), ClassBalancedSampler(cifar, seed=0)
    for kind, name in [(EffectiveNumberSampler, 'beta'), (CBENSampler, 'a')]:
        b = dict(b=0) if kind is CBENSampler else {}
        low, high = (kind(cifar, **{name: beta}, **b, seed=0) for beta in (0, 1 - 1e-9))
        assert low.probabilities(0) == pytest.approx(instances.probabilities(0))
        assert high.probabilities(0) == pytest.approx(classes.probabilities(0), rel=1e-4)


@pytest.mark.parametrize('each', [[[0], [1], [2]], [[0, 1, 2]] * 5])
def test_equal_counts_have_no_cloud(labels, each):
    probabilities = CBENSampler(labels(each, 3), seed=0).probabilities(0)
    assert probabilities == pytest.approx([1 / len(each)] * len(each))


def test_a_class_without_images_has_no_part_in_the_clouds(labels, four_one_two):
    with pytest.warns(UserWarning, match='without images: class 3'):
        sampler = CBENSampler(labels(four_one_two.labels, 4), a=0.5, b=0.25, seed=0)
    expected = CBENSampler(four_one_two, a=0.5, b=0.25, seed=0)
    assert sampler.probabilities(0) == pytest.approx(expected.probabilities(0))


def test_mean_and_max_of_several_classes(labels):
    """Counts 4 and 2, beta 1/2: weights 8/15 and 2/3, of both classes 3/5 or 2/3."""
    dataset = labels([[0], [0], [0], [0, 1], [1]], 2)
    for multi_label, both in [('mean', 3 / 5), ('max', 2 / 3)]:
        weights = np.array([8 / 15, 8 / 15, 8 / 15, both, 2 / 3])
        sampler = EffectiveNumberSampler(dataset, beta=0.5, multi_label=multi_label, seed=0)
        assert sampler.probabilities(0) == pytest.approx(weights / weights.sum())


@pytest.mark.parametrize('beta', [1, 1.5, -0.1, float('nan')])
def test_beta_must_be_below_1(four_one_two, beta):
    with pytest.raises(ValueError, match=f'beta is {beta}, expected a finite number >= 0 and < 1'):
        EffectiveNumberSampler(four_one_two, beta=beta)


@pytest.mark.parametrize('wrong', [dict(b=1e-4), dict(a=1, b=0), dict(a=1, b=-0.5), dict(a=0.2, b=-0.3)])
def test_every_beta_of_cben_must_be_below_1(four_one_two, wrong):
    with pytest.raises(
        ValueError, match=r'(a is 1|a=.* \+ b=.* is .*), expected a finite number >= 0 and < 1'
    ):
        CBENSampler(four_one_two, **wrong)
