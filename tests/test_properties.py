"""What holds for every data set, whatever its size and labels: samplers, splits, metrics and groups of classes."""

import math
from itertools import chain

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from mmlongtail.datasets.long_tail_split import choose_images, long_tail_targets
from mmlongtail.datasets.samplers import (
    CBENSampler,
    ClassAwareSampler,
    ClassBalancedSampler,
    EffectiveNumberSampler,
    InstanceBalancedSampler,
    ProgressivelyBalancedSampler,
    ReversedSampler,
    SquareRootSampler,
    StreamSampler,
    UniformSampler,
)
from mmlongtail.datasets.stratified_split import stratified_split, wanted_counts
from mmlongtail.evaluation.functional import average_precision, expected_calibration_error, f_scores
from mmlongtail.evaluation.group_report import GroupReport
from mmlongtail.structures import ClassGroups

# the same examples on every machine
settings.register_profile('same', derandomize=True, deadline=None, database=None, max_examples=20)
settings.load_profile('same')
pytestmark = pytest.mark.filterwarnings('ignore:.*(never draws|passes over)')

UNIFORM = UniformSampler, InstanceBalancedSampler
WEIGHTED = ClassBalancedSampler, ReversedSampler, SquareRootSampler, EffectiveNumberSampler, CBENSampler
STREAMS = dict(uniform=dict(type='UniformSampler'), rebalanced=dict(type='ClassAwareSampler'))
MAKERS = {kind.__name__: kind for kind in (*UNIFORM, *WEIGHTED, ClassAwareSampler)} | dict(
    progressive=lambda data, seed: ProgressivelyBalancedSampler(data, num_epochs=3, seed=seed),
    auto=lambda data, seed: ClassAwareSampler(data, reduce='auto', seed=seed),
    streams=lambda data, seed: StreamSampler(data, STREAMS, epoch_length='rebalanced', seed=seed),
    long_streams=lambda data, seed: StreamSampler(data, STREAMS, epoch_length=23, seed=seed),
)
SEEDS = st.integers(0, 2**31 - 1)


class Labels:
    """A data set that knows the classes of each image and nothing else."""

    def __init__(self, labels: list[list[int]], num_classes: int):
        self.labels, self.metainfo = labels, dict(classes=[str(k) for k in range(num_classes)])
        self.counts = np.bincount(np.array(list(chain(*labels)), int), minlength=num_classes)

    def __len__(self) -> int:
        return len(self.labels)

    def get_cat_ids(self, index: int) -> list[int]:
        return self.labels[index]


@st.composite
def label_sets(draw, most: int = 3, least: int = 0) -> Labels:
    """Sets of 1 to 24 images with ``least`` to ``most`` of up to 6 classes each, at least one in all."""
    num_classes = draw(st.integers(1, 6))
    some = st.sets(st.integers(0, num_classes - 1), min_size=least, max_size=min(most, num_classes))
    labels = draw(st.lists(some.map(sorted), min_size=1, max_size=24).filter(any))
    return Labels(labels, num_classes)


def one_label_sets():
    return label_sets(most=1, least=1)


@settings(max_examples=40)
@given(name=st.sampled_from(list(MAKERS)), data=label_sets(), seed=SEEDS, epoch=st.integers(0, 5))
def test_every_draw_is_an_image_and_an_epoch_has_its_length(name, data, seed, epoch):
    assume(data.counts.max() * len(data.counts) >= 4)  # of fewer, a quarter is no epoch
    sampler = MAKERS[name](data, seed=seed)
    sampler.set_epoch(epoch)
    draws = list(sampler)
    assert len(draws) == len(sampler) and all(0 <= draw < len(data) for draw in draws)
    drawn = [draw for draw in draws if draw.stream != 'uniform']
    assert isinstance(sampler, UNIFORM) or name == 'progressive' or all(data.labels[draw] for draw in drawn)
    if isinstance(sampler, UniformSampler):
        assert sorted(draws) == list(range(len(data)))


def facts_of(sampler, rank: int, world: int, start: int = 0) -> list[tuple]:
    """What a rank draws of an epoch from a place on."""
    sampler.rank, sampler.world_size, sampler.start = rank, world, start
    return [(int(draw), draw.stream, draw.seed) for draw in sampler]


@settings(max_examples=40)
@given(
    st.sampled_from(list(MAKERS)), label_sets(), SEEDS, st.integers(0, 3), st.integers(1, 5), st.floats(0, 1)
)
def test_ranks_share_one_order_and_a_resumed_one_draws_the_rest(name, data, seed, epoch, world, place):
    assume(data.counts.max() * len(data.counts) >= 4)
    sampler = MAKERS[name](data, seed=seed)
    sampler.set_epoch(epoch)
    whole = facts_of(sampler, 0, 1)
    parts = [facts_of(sampler, rank, world) for rank in range(world)]
    start = round(place * len(parts[-1]))
    again = MAKERS[name](data, seed=seed)
    again.set_epoch(epoch)
    assert facts_of(again, world - 1, world, start) == parts[-1][start:]
    width = len(sampler.names)
    turns = range(0, len(parts[0]), width)
    dealt = [draw for first in turns for part in parts for draw in part[first : first + width]]
    assert dealt == (whole * world)[: len(dealt)] and 0 <= len(dealt) - len(whole) < width * world


@given(data=one_label_sets(), seed=SEEDS, size=st.integers(1, 4), reduce=st.integers(1, 3))
def test_class_aware_counts_balance(data, seed, size, reduce):
    """No class is more than a visit ahead of another, no image more than a pass ahead of one of its class."""
    length = data.counts.max() * len(data.counts) // reduce
    assume(length)
    sampler = ClassAwareSampler(data, num_samples_cls=size, reduce=reduce, seed=seed)
    of_image = np.bincount(sampler.order(1), minlength=len(data))
    classes = np.array(data.labels)[:, 0]
    of_class = np.bincount(classes, of_image, minlength=len(data.counts))[data.counts > 0]
    assert of_image.sum() == length == len(sampler)
    assert of_class.max() - of_class.min() <= size
    assert all(np.ptp(of_image[classes == k]) <= 1 for k in set(classes))


@given(kind=st.sampled_from(WEIGHTED), data=label_sets(), way=st.sampled_from(['mean', 'max']))
def test_weights_are_probabilities(kind, data, way):
    probabilities = kind(data, multi_label=way, seed=0).probabilities(0)
    assert probabilities.sum() == pytest.approx(1) and probabilities.min() >= 0
    assert [bool(p) for p in probabilities] == [bool(classes) for classes in data.labels]


@given(data=one_label_sets())
def test_class_balanced_sampling_has_equal_classes(data):
    probabilities = ClassBalancedSampler(data, seed=0).probabilities(0)
    of_class = np.bincount(np.array(data.labels)[:, 0], probabilities, minlength=len(data.counts))
    present = data.counts > 0
    assert of_class[present] == pytest.approx(np.full(present.sum(), 1 / present.sum()))


@given(data=one_label_sets(), share=st.floats(0.01, 0.99), seed=SEEDS)
def test_both_parts_of_a_split_show_every_class(data, share, seed):
    in_val = stratified_split(data.labels, len(data.counts), share, seed)
    assert in_val.dtype == bool and in_val.shape == (len(data),)
    val = np.bincount(np.array(data.labels)[in_val].ravel(), minlength=len(data.counts))
    assert val.tolist() == wanted_counts(data.counts, share).tolist()
    assert (val[data.counts > 1] > 0).all() and (val[data.counts > 0] < data.counts[data.counts > 0]).all()
    assert in_val.tolist() == stratified_split(data.labels, len(data.counts), share, seed).tolist()


@given(data=label_sets(), share=st.floats(0.01, 0.99), seed=SEEDS)
def test_a_split_of_several_labels_never_takes_a_class_out_of_the_training(data, share, seed):
    in_val = stratified_split(data.labels, len(data.counts), share, seed)
    parts = {True: np.zeros_like(data.counts), False: np.zeros_like(data.counts)}
    for part, classes in zip(in_val.tolist(), data.labels):
        parts[part][classes] += 1
    assert (parts[True] + parts[False] == data.counts).all()
    assert (parts[False][data.counts > 0] > 0).all()
    for k in np.flatnonzero((data.counts > 1) & (parts[True] == 0)):  # each move would take some class out
        assert all(parts[False][classes].min() == 1 for classes in data.labels if k in classes)


@given(data=label_sets(), most=st.integers(1, 12), seed=SEEDS)
def test_a_long_tail_is_within_its_targets_and_full(data, most, seed):
    targets = long_tail_targets(data.counts, most, 1, seed=seed)
    assert (targets <= np.minimum(data.counts, most)).all()
    images = np.repeat(np.arange(len(data)), [len(classes) for classes in data.labels])
    kept = choose_images(images, np.array(list(chain(*data.labels))), targets, seed)
    room = targets.copy()
    for image in kept:
        room[data.labels[image]] -= 1
    assert room.min() >= 0 and (np.diff(kept) > 0).all()
    for image in set(range(len(data))) - set(kept.tolist()):  # nothing more can be added
        assert not data.labels[image] or room[data.labels[image]].min() == 0


@st.composite
def scored(draw) -> tuple[np.ndarray, np.ndarray]:
    """Scores with many ties and labels, (N, K)."""
    shape = draw(st.tuples(st.integers(1, 20), st.integers(1, 4)))
    return draw(arrays(np.float64, shape, elements=st.integers(-9, 9).map(float))), draw(arrays(bool, shape))


MONOTONE = [lambda x: 3 * x - 7, lambda x: x**3, np.arctan, lambda x: np.exp(x / 4), np.float32]


@given(scored(), st.sampled_from(MONOTONE), SEEDS)
def test_ap_is_scikit_learns_and_depends_on_the_order_of_scores_alone(given_, change, seed):
    scores, targets = given_
    ap = average_precision(scores, targets)
    known = targets.any(axis=0)
    assert (np.isnan(ap) == ~known).all() and ((ap[known] >= 0) & (ap[known] <= 1)).all()
    pairs = zip(targets.T[known], scores.T[known])
    assert ap[known] == pytest.approx([average_precision_score(*pair) for pair in pairs])
    moved = np.random.default_rng(seed).permutation(len(scores))
    np.testing.assert_allclose(average_precision(change(scores), targets), ap)
    np.testing.assert_allclose(average_precision(scores[moved], targets[moved]), ap)


@given(scored(), SEEDS)
def test_other_metrics_are_shares_and_know_no_order_of_images(given_, seed):
    scores, targets = (given_[0] + 9) / 18, given_[1]
    moved = np.random.default_rng(seed).permutation(len(scores))
    found, again = f_scores(scores, targets), f_scores(scores[moved], targets[moved])
    assert all(0 <= value <= 1 or (math.isnan(value) and not targets.any()) for value in found.values())
    assert again == pytest.approx(found, nan_ok=True)
    error = expected_calibration_error(scores[:, 0], targets[:, 0])
    assert 0 <= error <= 1
    assert expected_calibration_error(scores[moved, 0], targets[moved, 0]) == pytest.approx(error)


COUNTS = st.lists(st.integers(0, 300), min_size=1, max_size=12)
GROUPS = st.builds(
    lambda low, wide, head, tail: ClassGroups((low, low + wide), head, tail),
    st.integers(0, 150),
    st.integers(1, 150),
    st.booleans(),
    st.booleans(),
)


@given(COUNTS, GROUPS)
def test_every_class_is_in_one_group_and_a_more_frequent_one_in_none_further_down(counts, groups):
    assigned = groups.assign(counts)
    members = groups.members(counts)
    assert sorted(chain(*members.values())) == list(range(len(counts)))
    assert all((assigned[classes] == groups.names.index(name)).all() for name, classes in members.items())
    assert (np.diff(assigned[np.argsort(counts)]) <= 0).all()


@given(COUNTS, GROUPS, st.data())
def test_means_weigh_classes_equally(counts, groups, data):
    """Whatever their numbers of images: the total is the mean of the groups, weighed by their numbers of classes."""
    score = st.one_of(st.just(math.nan), st.floats(0, 100))
    values = np.array(data.draw(st.lists(score, min_size=len(counts), max_size=len(counts))))
    report = GroupReport(values, list(map(str, counts)), np.array(counts), groups)
    means, known = report.means, ~np.isnan(values)
    sizes = {name: known[classes].sum() for name, classes in groups.members(counts).items()}
    assert set(means) - {'total'} == {name for name, size in sizes.items() if size}
    assert ('total' in means) == known.any()
    if known.any():
        total = sum(means[name] * size for name, size in sizes.items() if size) / known.sum()
        assert means['total'] == pytest.approx(total) == pytest.approx(values[known].mean())
    for name in set(means) - {'total'}:
        assert means[name] == pytest.approx(np.nanmean(values[groups.members(counts)[name]]))
