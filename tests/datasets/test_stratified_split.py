"""Splits that keep rare classes: cases worked by hand, properties, a plain reading of the paper's algorithm."""

import time

import numpy as np
import pytest

from mmlongtail.datasets.stratified_split import stratified_split


def counts(labels, chosen, num_classes):
    return np.bincount([k for row, c in zip(labels, chosen) if c for k in row], minlength=num_classes)


def random_labels(seed, images=300, classes=15):
    rng = np.random.default_rng(seed)
    share = 0.7 ** np.arange(classes)
    return [np.flatnonzero(rng.random(classes) < share).tolist() for _ in range(images)]


@pytest.mark.parametrize(
    ('count', 'share', 'wanted'),
    [(1, 0.5, 0), (2, 0.01, 1), (2, 0.99, 1), (10, 0.2, 2), (10, 0.01, 1), (3, 0.9, 2)],
)
def test_single_label_counts_by_hand(count, share, wanted):
    labels = [[0]] * count + [[1]] * 10
    chosen = stratified_split(labels, 2, share)
    assert chosen.dtype == bool
    assert counts(labels, chosen, 2)[0] == wanted


def test_single_label_draws_each_image_of_a_class_alike():
    labels = [[0]] * 5 + [[1]] * 5
    drawn = sum(stratified_split(labels, 2, 0.2, seed).astype(int) for seed in range(2000))
    np.testing.assert_allclose(drawn / 2000, 0.2, atol=0.04)  # 4.5 standard deviations


def test_several_labels_by_hand():
    # class 1 is rarest: of its two images each part gets one; class 0 then lacks one more image to validate
    labels = [[0, 1], [0, 1], [0], [0]]
    for seed in range(20):
        chosen = stratified_split(labels, 2, 0.5, seed)
        assert counts(labels, chosen, 2).tolist() == [2, 1]


def test_images_without_a_label_are_dealt_out_by_the_share():
    labels = [[0], [0], *[[]] * 18]
    assert stratified_split(labels, 1, 0.25).sum() == 5


def test_the_training_part_is_first_where_shares_are_equal():
    assert stratified_split([[]] * 3, 1, 0.5).sum() == 1


@pytest.mark.parametrize('seed', range(10))
def test_a_class_that_another_one_took_out_of_the_training_part_comes_back(seed):
    # class 0 trains on the first image, so class 1 validates on the second, which alone shows class 2
    assert not stratified_split([[0, 1], [1, 2]], 3, 0.5, seed).any()


@pytest.mark.parametrize('seed', range(10))
def test_where_one_split_alone_shows_all_that_can_be_it_is_found(seed):
    # classes 0 and 2 have one image each, which trains; class 3 is left with the last one to validate on
    assert stratified_split([[1, 2, 3], [0, 1], [3]], 4, 0.3, seed).tolist() == [False, False, True]


@pytest.mark.parametrize('seed', range(10))
@pytest.mark.parametrize('share', [0.05, 0.2, 0.5, 0.9])
def test_rare_classes_are_in_both_parts(seed, share):
    labels = random_labels(seed)
    chosen = stratified_split(labels, 15, share, seed)
    train, val = counts(labels, ~chosen, 15), counts(labels, chosen, 15)
    assert not np.any((train == 0) & (train + val > 0))
    for k in np.flatnonzero(
        (val == 0) & (train > 1)
    ):  # each of its images shows a class that is nowhere else
        assert all(min(train[j] for j in row) == 1 for row in labels if k in row)


def test_one_label_in_the_general_way_keeps_both_parts_too():
    labels = [[0]] * 3 + [[1]] * 2 + [[]]  # the image without a label takes it there
    chosen = stratified_split(labels, 2, 0.1)
    assert counts(labels, chosen, 2).tolist() == [1, 1]


def test_shares_of_classes_are_nearer_than_a_random_draws():
    labels = random_labels(0, images=1000)
    total = counts(labels, np.ones(1000, bool), 15)
    frequent = total > 20
    chosen = stratified_split(labels, 15, 0.2)
    off = np.abs(counts(labels, chosen, 15) / total - 0.2)[frequent]
    drawn = np.random.default_rng(0).permutation(1000) < 200
    random_off = np.abs(counts(labels, drawn, 15) / total - 0.2)[frequent]
    assert off.max() < 0.04 and off.mean() < random_off.mean() / 2


def test_a_seed_repeats_and_another_differs():
    for labels in (random_labels(1), [[k] for k in range(3)] * 20):
        first = stratified_split(labels, 15, seed=1)
        assert np.array_equal(first, stratified_split(labels, 15, seed=1))
        assert not np.array_equal(first, stratified_split(labels, 15, seed=2))


def test_many_images_take_seconds():
    labels = random_labels(0, images=30_000)
    began = time.process_time()
    stratified_split(labels, 15)
    assert time.process_time() - began < 5


@pytest.mark.parametrize('share', [0, 1, -0.1, float('nan')])
def test_no_share(share):
    with pytest.raises(ValueError, match='share is'):
        stratified_split([[0], [1]], 2, share)


def test_no_class():
    with pytest.raises(ValueError, match=r'labels is \[0, 2\], expected indices from 0 to 1'):
        stratified_split([[0], [2]], 2)
