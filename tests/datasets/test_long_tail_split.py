"""Pareto counts against the density, and what the choice of whole images guarantees."""

import math

import numpy as np
import pytest

from mmlongtail.datasets.long_tail_split import choose_images, long_tail_targets, pareto_counts
from mmlongtail.datasets.voc_lt import VOCLT
from mmlongtail.structures import ClassStatistics, image_labels


@pytest.fixture
def entries() -> tuple[np.ndarray, np.ndarray]:
    """Labels of 3,000 images, of which some have none, with 12 classes of different frequency."""
    chance = np.linspace(0.4, 0.02, 12)
    return np.nonzero(np.random.default_rng(0).random((3000, 12)) < chance)


def test_counts_follow_the_pareto_density():
    counts = pareto_counts(1000, 1280, 5)
    assert counts[0] == 1280 and counts[-1] == 5 and (np.diff(counts) <= 0).all()
    end = (1280 / 5) ** (1 / 7)
    x = 1 + (end - 1) * np.arange(1000) / 999  # 6 x^-7 is the density of power 6 and minimum 1
    assert np.abs(counts - 1280 * (6 * x**-7) / 6).max() <= 0.5


@pytest.mark.parametrize(
    'arguments, expected', [((1, 7, 3), [7]), ((3, 4, 4), [4, 4, 4]), ((2, 9, 1), [9, 1])]
)
def test_counts_at_the_edges(arguments, expected):
    counts = pareto_counts(*arguments)
    assert counts.tolist() == expected and counts.dtype == np.int64


@pytest.mark.parametrize(
    'arguments, message',
    [
        ((0, 9, 1), 'num_classes is 0'),
        ((3, 4, 5), 'max_count=4: min_count is 5'),
        ((3, 4, 0), 'min_count is 0'),
        ((3, 4, 1, -2), 'power is -2'),
        ((3, 4, 1, math.nan), 'power is nan'),
        ((3, 4, 1, math.inf), 'power is inf'),
    ],
)
def test_bad_numbers_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        pareto_counts(*arguments)


def test_frequent_classes_stay_frequent_and_no_class_wants_more_than_it_has():
    assert long_tail_targets(np.array([10, 500, 80, 0]), 400, 4).tolist() == [
        10,
        400,
        pareto_counts(4, 400, 4)[1],
        0,
    ]
    assert long_tail_targets(np.array([90, 500, 800, 40]), None, 4).tolist()[1:3] == [
        pareto_counts(4, 800, 4)[1],
        800,
    ]


def test_targets_fall_with_the_power():
    targets = long_tail_targets(np.array([900, 800, 700]), 500, 5, power=1)
    assert targets.tolist() == pareto_counts(3, 500, 5, power=1).tolist() == [500, 17, 5]


def test_ties_are_broken_by_the_seed():
    draws = {tuple(long_tail_targets(np.full(5, 100), 100, 5, seed=seed)) for seed in range(20)}
    assert len(draws) > 5 and len({tuple(sorted(draw)) for draw in draws}) == 1
    assert all(tuple(long_tail_targets(np.full(5, 100), 100, 5, seed=3)) in draws for _ in range(3))


def test_whole_images_and_no_class_above_its_target(entries):
    images, classes = entries
    targets = long_tail_targets(np.bincount(classes), 400, 4)
    kept = choose_images(images, classes, targets, seed=1)
    reached = np.bincount(classes[np.isin(images, kept)], minlength=12)
    assert (reached <= targets).all() and (np.diff(kept) > 0).all()
    for image in np.setdiff1d(images, kept):  # nothing more can be added
        assert (reached == targets)[classes[images == image]].any()
    assert (reached[targets < 40] == targets[targets < 40]).all()


def test_targets_above_what_there_is_keep_every_labeled_image(entries):
    images, classes = entries
    assert choose_images(images, classes, np.full(12, 10**6)).tolist() == np.unique(images).tolist()
    assert choose_images(images, classes, np.zeros(12)).size == 0
    assert choose_images(images[:0], classes[:0], np.full(12, 3)).size == 0


def test_class_that_never_stands_alone_is_held_back_by_its_companion():
    images, classes = np.repeat(np.arange(50), 2), np.tile([0, 1], 50)
    kept = choose_images(images, classes, np.array([40, 5]))
    assert len(kept) == 5


def test_rare_class_is_filled_before_its_frequent_companion():
    images = np.concatenate([np.arange(100), np.arange(90, 100)])
    order, classes = np.argsort(images, kind='stable'), np.repeat([0, 1], [100, 10])
    kept = choose_images(images[order], classes[order], np.array([20, 10]))
    assert len(kept) == 20 and (kept >= 90).sum() == 10


def test_seed_decides(entries):
    targets = np.full(12, 30)
    chosen = [choose_images(*entries, targets, seed).tolist() for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_real_labels_become_long_tailed(shared_data):
    dataset = VOCLT(str(shared_data / 'VOCdevkit'), 'VOC2007', 'ImageSets/Main/test.txt')
    images, classes = image_labels(dataset)
    targets = long_tail_targets(ClassStatistics.from_dataset(dataset).class_counts, 500, 4)
    kept = choose_images(images, classes, targets)
    reached = np.sort(np.bincount(classes[np.isin(images, kept)]))[::-1]
    assert (
        reached[-1] == 4
        and reached[0] >= 400
        and np.abs(reached[10:] - np.sort(targets)[::-1][10:]).sum() <= 3
    )
