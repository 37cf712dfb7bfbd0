"""Weighted samplers: probabilities worked by hand, and frequencies of draws against them."""

import warnings

import numpy as np
import pytest
from mmpretrain.registry import DATA_SAMPLERS
from scipy.stats import chi2, chisquare

from mmlongtail.datasets.samplers import (
    ClassBalancedSampler,
    InstanceBalancedSampler,
    ProgressivelyBalancedSampler,
    ReversedSampler,
    SquareRootSampler,
    StreamSampler,
)

# One entry a sampler: its name, its parameters, and the probability of an image of classes of 4 and of 1 images.
BY_HAND = [
    ('InstanceBalancedSampler', {}, (1 / 5, 1 / 5)),
    ('ClassBalancedSampler', {}, (1 / 8, 1 / 2)),
    ('SquareRootSampler', {}, (1 / 6, 1 / 3)),
    ('ReversedSampler', {}, (1 / 20, 4 / 5)),
    ('ProgressivelyBalancedSampler', dict(num_epochs=4), (1 / 5, 1 / 5)),
]
EVERY = [('ProgressivelyBalancedSampler', dict(num_epochs=2)), ('SquareRootSampler', {}), ('CBENSampler', {})]


@pytest.fixture
def four_to_one(labels):
    """Classes of 4 and of 1 images, the rare one in the middle."""
    return labels([[0], [0], [1], [0], [0]], 2)


@pytest.fixture
def multi(labels):
    """Counts 4, 2 and 1; an image of all three classes, one of the first two, one of none."""
    return labels([[0, 1, 2], [0], [], [1, 0], [0]], 3)


def assert_frequencies(drawn, probabilities):
    """Neither farther from the probabilities than chance allows nor closer: the draws are independent."""
    drawn_at_all = probabilities > 0
    assert not drawn[~drawn_at_all].any()
    statistic, _ = chisquare(drawn[drawn_at_all], drawn.sum() * probabilities[drawn_at_all])
    assert 0.001 < chi2.cdf(statistic, drawn_at_all.sum() - 1) < 0.999


@pytest.mark.parametrize(('name', 'parameters', 'expected'), BY_HAND)
def test_probabilities_by_hand(four_to_one, name, parameters, expected):
    sampler = DATA_SAMPLERS.build(dict(parameters, type=name, dataset=four_to_one, seed=0))
    frequent, rare = expected
    assert sampler.probabilities(0) == pytest.approx([frequent, frequent, rare, frequent, frequent])
    assert len(sampler) == sampler.num_rows == len(sampler.order(0)) == 5


@pytest.mark.parametrize(('epoch', 'share'), [(0, 0), (1, 0.25), (3, 0.75), (4, 1), (9, 1)])
def test_progressive_mixture(four_to_one, epoch, share):
    sampler = ProgressivelyBalancedSampler(four_to_one, num_epochs=4, seed=0)
    expected = (1 - share) / 5 + share / np.array([8, 8, 2, 8, 8])
    assert sampler.probabilities(epoch) == pytest.approx(expected)


def test_progressive_draws_follow_the_epoch(labels):
    dataset = labels([[0]] * 9900 + [[1]] * 100, 2)
    sampler = ProgressivelyBalancedSampler(dataset, num_epochs=2, seed=0)
    rare = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        rare.append(np.mean(np.array(list(sampler)) >= 9900))
    assert rare == pytest.approx([0.01, 0.255, 0.5], abs=0.02)  # 4 standard deviations


@pytest.mark.parametrize('name', ['InstanceBalancedSampler', 'ClassBalancedSampler', 'SquareRootSampler'])
@pytest.mark.parametrize('split', ['voc_lt', 'coco_lt'])
def test_drawn_frequencies_of_published_multi_label_sets(published, name, split):
    dataset = published(split)
    sampler = DATA_SAMPLERS.build(dict(type=name, dataset=dataset, seed=1))
    power = dict(InstanceBalancedSampler=0, ClassBalancedSampler=1, SquareRootSampler=0.5)[name]
    counts = {k: sum(k in classes for classes in dataset.labels) for k in range(80)}
    weights = [np.mean([counts[k] ** -power for k in classes]) for classes in dataset.labels]
    probabilities = np.array(weights) / sum(weights)
    drawn = sum(np.bincount(sampler.order(epoch), minlength=len(dataset)) for epoch in range(100))
    assert_frequencies(drawn, probabilities)


@pytest.mark.parametrize(('power', 'sampler'), [(1, 0), (0, 1), (0.5, 0.5), (-1.0, 2)])
def test_class_frequencies_are_kangs_powers(labels, power, sampler):
    """p_j = n_j^q / sum n_i^q, the paper's own form, for classes instead of images; BBN's reversed one has q = -1."""
    counts = np.array([300, 60, 20, 5])
    each = np.random.default_rng(0).permutation(np.repeat(range(4), counts))
    dataset = labels([[int(k)] for k in each], 4)
    kinds = {
        0: InstanceBalancedSampler,
        0.5: SquareRootSampler,
        1: ClassBalancedSampler,
        2: ReversedSampler,
    }
    orders = [kinds[sampler](dataset, seed=2).order(epoch) for epoch in range(50)]
    drawn = np.bincount(each[np.concatenate(orders)], minlength=4)
    assert_frequencies(drawn, counts**power / np.sum(counts**power))


def test_a_draw_tells_nothing_of_its_neighbors(labels):
    """Pairs of neighboring draws are as frequent as independent ones would be."""
    dataset = labels([[0], [0], [0], [1]], 2)
    sampler = ClassBalancedSampler(dataset, seed=4)
    pairs = np.concatenate([sampler.order(epoch).reshape(2, 2) for epoch in range(4000)])
    single = np.array([1, 1, 1, 3]) / 6
    drawn = np.bincount(pairs @ [4, 1], minlength=16)
    assert_frequencies(drawn, np.outer(single, single).ravel())


def test_mean_and_max_of_several_classes(multi):
    mean = np.array([(1 / 4 + 1 / 2 + 1) / 3, 1 / 4, 0, (1 / 4 + 1 / 2) / 2, 1 / 4])
    largest = np.array([1, 1 / 4, 0, 1 / 2, 1 / 4])
    sampler = ClassBalancedSampler(multi, seed=0)
    assert sampler.probabilities(0) == pytest.approx(mean / mean.sum())
    sampler = ClassBalancedSampler(multi, multi_label='max', seed=0)
    assert sampler.probabilities(0) == pytest.approx(largest / largest.sum())


def test_images_without_a_class(multi):
    assert InstanceBalancedSampler(multi, seed=0).probabilities(0).tolist() == [1 / 5] * 5
    sampler = ProgressivelyBalancedSampler(multi, num_epochs=2, seed=0)
    assert [sampler.probabilities(epoch)[2] for epoch in range(3)] == pytest.approx([1 / 5, 1 / 10, 0])


class Extreme:
    """A generator whose numbers are the least or the largest below 1."""

    def __init__(self, number):
        self.number = number

    def random(self, size):
        return np.full(size, self.number)

    def shuffle(self, order):
        """Leave the order as it is."""


@pytest.mark.parametrize('multi_label', ['mean', 'max'])
@pytest.mark.parametrize(('name', 'parameters'), EVERY)
def test_ends_of_the_cumulative_sum(labels, monkeypatch, name, parameters, multi_label):
    """Rounding never reaches the images of no class at either end."""
    dataset = labels([[]] * 2 + [[i % 7] for i in range(700)] + [[]] * 2, 7)
    sampler = DATA_SAMPLERS.build(
        dict(parameters, type=name, dataset=dataset, multi_label=multi_label, seed=0)
    )
    for number, image in [(0, 2), (np.nextafter(1, 0), 701)]:
        monkeypatch.setattr(np.random, 'default_rng', lambda seed, number=number: Extreme(number))
        assert set(sampler.order(2)) == {image}


def test_a_sum_short_of_1_draws_no_image_beyond_the_last(four_to_one, monkeypatch):
    """As rounding makes it, though more so."""
    sampler = InstanceBalancedSampler(four_to_one, seed=0)
    monkeypatch.setattr(sampler, 'probabilities', lambda epoch: np.full(5, 0.18))
    orders = np.concatenate([sampler.order(epoch) for epoch in range(400)])
    assert_frequencies(np.bincount(orders), np.full(5, 1 / 5))


def test_classes_without_images_are_named_and_do_no_harm(labels):
    with pytest.warns(
        UserWarning, match='SquareRootSampler never draws .* without images: class 1, class 3$'
    ):
        sampler = SquareRootSampler(labels([[0], [2]], 4), seed=0)
    assert sampler.probabilities(0).tolist() == [0.5, 0.5]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        SquareRootSampler(labels([[0], [1]], 2), seed=0)


def test_as_a_stream(four_to_one):
    streams = dict(uniform=dict(type='UniformSampler'), rebalanced=dict(type='ClassBalancedSampler'))
    sampler = StreamSampler(four_to_one, streams, epoch_length=4000, seed=0)
    drawn = np.bincount([int(draw) for draw in sampler if draw.stream == 'rebalanced'], minlength=5)
    assert_frequencies(drawn, np.array([1, 1, 4, 1, 1]) / 8)


@pytest.mark.parametrize(
    ('kind', 'each', 'wrong', 'message'),
    [
        (
            ClassBalancedSampler,
            [[0]],
            dict(multi_label='sum'),
            r"multi_label is 'sum', expected one of \['mean', 'max'\]",
        ),
        (ClassBalancedSampler, [[], []], {}, 'nothing to draw: none of 3 classes has an image'),
        (InstanceBalancedSampler, [], {}, 'nothing to draw: the data set has no image'),
        (
            ProgressivelyBalancedSampler,
            [[0], [1], [2]],
            dict(num_epochs=0),
            'num_epochs is 0, expected a whole number >= 1',
        ),
    ],
)
def test_wrong_arguments(labels, kind, each, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(labels(each, 3), **wrong)
