"""Streams side by side: which image, of which stream, with which seed."""

import numpy as np
import pytest
from mmengine.dataset import DefaultSampler

from mmlongtail.datasets.samplers import ClassAwareSampler, StreamSampler

UNIFORM, CLASS_AWARE = dict(type='UniformSampler'), dict(type='ClassAwareSampler')
BOTH = dict(uniform=UNIFORM, rebalanced=CLASS_AWARE)


@pytest.fixture
def small(labels):
    return labels([[0]] * 10 + [[1]] * 3, 2)


def column(sampler, stream, epochs):
    """The image indices of one stream over several epochs."""
    drawn = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        drawn += [int(draw) for draw in sampler if draw.stream == stream]
    return drawn


def test_streams_alternate_so_that_every_batch_is_half_and_half(published):
    sampler = StreamSampler(published('voc_lt'), BOTH, epoch_length='rebalanced', seed=0)
    draws = list(sampler)
    assert len(sampler) == len(draws) == 2 * 3875
    assert [draw.stream for draw in draws] == ['uniform', 'rebalanced'] * 3875


def test_a_stream_is_its_samplers_passes_without_end(small):
    sampler = StreamSampler(small, BOTH, epoch_length=9, seed=4)
    uniform, rebalanced = column(sampler, 'uniform', 6), column(sampler, 'rebalanced', 6)
    passes = [uniform[i : i + 13] for i in range(0, 52, 13)]
    assert all(sorted(one) == list(range(13)) for one in passes)
    assert len({tuple(one) for one in passes}) == 4
    alone = ClassAwareSampler(small, seed=sampler.streams['rebalanced'].sampler.seed)
    assert rebalanced == np.concatenate([alone.order(number) for number in range(11)])[:54].tolist()
    assert alone.num_rows == 5


def test_streams_of_the_same_sampler_differ(small):
    sampler = StreamSampler(small, dict(a=UNIFORM, b=UNIFORM, c=UNIFORM), epoch_length='b', seed=0)
    columns = [tuple(column(sampler, name, 1)) for name in 'abc']
    assert len(set(columns)) == 3
    assert all(sorted(one) == list(range(13)) for one in columns)


def test_seed_changes_every_stream_also_when_it_is_set_later(small):
    first, second = (StreamSampler(small, BOTH, epoch_length=20, seed=seed) for seed in (0, 1))
    for name in BOTH:
        assert column(first, name, 1) != column(second, name, 1)
    second.seed = 0
    assert list(first) == list(second)


@pytest.mark.parametrize(
    ('epoch_length', 'rows'),
    [
        (7, 7),
        ('uniform', 13),
        ('rebalanced', 5),
        (dict(CLASS_AWARE, reduce=1), 20),
        (dict(type='DefaultSampler'), 13),
    ],
)
def test_epoch_length(small, epoch_length, rows):
    assert len(StreamSampler(small, BOTH, epoch_length=epoch_length, seed=0)) == 2 * rows


def test_one_stream_can_run_for_another_samplers_epoch(published):
    sampler = StreamSampler(published('voc_lt'), dict(uniform=UNIFORM), epoch_length=CLASS_AWARE, seed=0)
    drawn = column(sampler, 'uniform', 1)
    assert len(drawn) == 3875
    assert np.bincount(drawn).min() == 3875 // 1142
    assert np.bincount(drawn).max() == 3875 // 1142 + 1


def test_every_draw_has_its_own_seed(small):
    sampler = StreamSampler(small, BOTH, epoch_length=50, seed=0)
    seeds = []
    for epoch in range(4):
        sampler.set_epoch(epoch)
        seeds += [draw.seed for draw in sampler]
    assert len(set(seeds)) == 400
    assert all(0 <= seed < 2**32 for seed in seeds)
    other = StreamSampler(small, BOTH, epoch_length=50, seed=1)
    assert not {draw.seed for draw in other} & set(seeds)


def test_foreign_sampler_as_a_stream(small):
    sampler = StreamSampler(small, dict(foreign=dict(type='DefaultSampler')), epoch_length=20, seed=0)
    drawn = column(sampler, 'foreign', 2)
    alone = DefaultSampler(small, seed=sampler.streams['foreign'].sampler.seed)
    expected = []
    for number in range(4):
        alone.set_epoch(number)
        expected += list(alone)
    assert drawn == expected[:40]


@pytest.mark.parametrize('wrong', [0, -3, 2.5, 'balanced', None])
def test_epoch_length_must_be_a_number_a_stream_or_a_sampler(small, wrong):
    with pytest.raises(
        ValueError, match=f"epoch_length is {wrong!r}, expected (a whole|one of .'uniform', 're)"
    ):
        StreamSampler(small, BOTH, epoch_length=wrong)


@pytest.mark.parametrize('wrong', [{}, dict(uniform=dict(UNIFORM, seed=3))])
def test_streams_must_be_there_and_have_no_seed_of_their_own(small, wrong):
    with pytest.raises(ValueError, match='at least one sampler config, none with a seed of its own'):
        StreamSampler(small, wrong, epoch_length=4)
