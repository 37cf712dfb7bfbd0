"""The class-aware sampler against the rule that METHODS 1 states, on the published labels."""

import warnings

import numpy as np
import pytest

from mmlongtail.datasets.samplers import ClassAwareSampler

COUNTS = (23, 7, 2, 1, 5)


@pytest.fixture
def single_label(labels):
    """Five classes, one label per image, images not in the order of their classes."""
    each = np.random.default_rng(0).permutation(np.repeat(range(5), COUNTS))
    return labels([[int(k)] for k in each], 5)


@pytest.mark.parametrize(('name', 'length'), [('voc_lt', 3875), ('coco_lt', 22_560)])
def test_published_epoch_lengths(published, name, length):
    sampler = ClassAwareSampler(published(name), seed=0)
    assert len(sampler) == len(list(sampler)) == len(sampler.order(1)) == length


@pytest.mark.parametrize('size', [1, 3, 4])
def test_cycles_over_classes_and_over_images(single_label, size):
    sampler = ClassAwareSampler(single_label, num_samples_cls=size, reduce=1, seed=1)
    order = sampler.order(2)
    assert len(order) == 23 * 5
    class_of = np.array([label[0] for label in single_label.labels])
    visits = [order[i : i + size] for i in range(0, len(order), size)]
    visited = [class_of[visit[0]] for visit in visits]
    assert all((class_of[visit] == k).all() for visit, k in zip(visits, visited))
    cycles = [tuple(visited[i : i + 5]) for i in range(0, len(visited), 5)]
    full = [cycle for cycle in cycles if len(cycle) == 5]
    assert all(sorted(cycle) == [0, 1, 2, 3, 4] for cycle in full)
    assert len(set(cycles[-1])) == len(cycles[-1])
    assert len(set(full)) > 1
    for k, count in enumerate(COUNTS):  # the class's own shuffled cycles, across its visits
        drawn = order[class_of[order] == k]
        passes = [drawn[i : i + count] for i in range(0, len(drawn), count)]
        images = np.flatnonzero(class_of == k)
        assert all(len(set(one)) == len(one) and set(one) <= set(images) for one in passes)
        if 3 < count < 10:
            assert len({tuple(one) for one in passes[:-1]}) > 1  # reshuffled


def test_cycles_differ_between_epochs(single_label):
    sampler = ClassAwareSampler(single_label, reduce=1, seed=1)
    assert sampler.order(0).tolist() != sampler.order(1).tolist()


def test_images_are_drawn_with_the_stated_probability(published):
    """An image's probability is 1/K sum_k y_k / n_k; cycles make counts vary less than independent draws would."""
    dataset = published('voc_lt')
    present = np.zeros((len(dataset), 20))
    for image, classes in enumerate(dataset.labels):
        present[image, classes] = 1
    probability = (present / present.sum(axis=0)).sum(axis=1) / 20
    assert probability.sum() == pytest.approx(1)
    sampler = ClassAwareSampler(dataset, seed=0)
    drawn = sum(np.bincount(sampler.order(epoch), minlength=len(dataset)) for epoch in range(200))
    expected = 200 * len(sampler) * probability
    assert np.abs((drawn - expected) / np.sqrt(expected)).max() < 5
    assert np.square((drawn - expected) / np.sqrt(expected)).mean() < 1


def test_classes_without_images_are_left_out_and_named(labels):
    dataset = labels([[0], [0, 2], [2], []], 5)
    with pytest.warns(UserWarning, match='without images: class 1, class 3, class 4'):
        sampler = ClassAwareSampler(dataset, num_samples_cls=1, reduce=1, seed=0)
    order = sampler.order(0)
    assert len(order) == 2 * 5
    assert set(order) == {0, 1, 2}
    pairs = order[:10].reshape(5, 2)  # a cycle has one image of class 0 and one of class 2, in any order
    for pair in pairs.tolist():
        assert (pair[0] in (0, 1) and pair[1] in (1, 2)) or (pair[0] in (1, 2) and pair[1] in (0, 1))


def test_no_warning_where_every_class_has_an_image(single_label):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        ClassAwareSampler(single_label, seed=0)


def test_auto_is_one_pass_over_the_data(single_label, labels):
    sampler = ClassAwareSampler(single_label, reduce='auto', seed=1)
    assert len(sampler) == len(sampler.order(0)) == len(single_label) == 38
    full = ClassAwareSampler(single_label, reduce=1, seed=1)
    assert len(full) == 115 and len(set(sampler.order(0))) <= 38
    assert len(ClassAwareSampler(labels([[0], [1]] + [[]] * 9, 2), reduce='auto', seed=0)) == 2


def test_a_long_epoch_is_warned_of(labels):
    each = [[k] for k in range(20)] + [[0]] * 20
    with pytest.warns(
        UserWarning, match="420 draws, 10.5 passes over 40 images: reduce is 1, 'auto' makes it one"
    ):
        ClassAwareSampler(labels(each, 20), reduce=1, seed=0)


def test_blocks_change_nothing(labels, monkeypatch):
    """Equal draws to those of an order that is made at once, by the rule as it was first written."""
    each = np.repeat(range(6), (25, 15, 9, 6, 4, 1))[np.random.default_rng(5).permutation(60)]
    sampler = ClassAwareSampler(labels([[int(k)] for k in each], 6), reduce=1, seed=2)
    whole = sampler.order(4)
    for size in (1, 50):
        monkeypatch.setattr('mmlongtail.datasets.samplers.class_aware.BLOCK', size)
        assert sampler.order(4).tolist() == whole.tolist()
    counts, rng = np.bincount(each, minlength=6), np.random.default_rng([2, 4])
    cycles = -(-len(whole) // (3 * 6))
    visited = rng.permuted(np.tile(np.arange(6), (cycles, 1)), axis=1)
    queues = []
    for k, count in enumerate(counts):
        passes = [
            np.flatnonzero(each == k)[np.argsort(rng.random(count))] for _ in range(-(-cycles * 3 // count))
        ]
        queues.append(np.concatenate(passes))
    expected = [queues[k][3 * c : 3 * c + 3] for c in range(cycles) for k in visited[c]]
    assert whole.tolist() == np.concatenate(expected)[: len(whole)].tolist()


def test_nothing_to_draw_is_an_error(labels):
    with pytest.raises(ValueError, match='nothing to draw: the largest of 2 classes has 0 images'):
        ClassAwareSampler(labels([[], []], 2), seed=0)
    with pytest.raises(ValueError, match='largest of 2 classes has 1 images and reduce is 4'):
        ClassAwareSampler(labels([[0], [1]], 2), seed=0)


@pytest.mark.parametrize('wrong', [dict(num_samples_cls=0), dict(reduce=0), dict(reduce=-1)])
def test_parameters_must_be_positive(single_label, wrong):
    with pytest.raises(ValueError, match='(num_samples_cls|reduce) is -?[01], expected a whole number >= 1'):
        ClassAwareSampler(single_label, **wrong)
