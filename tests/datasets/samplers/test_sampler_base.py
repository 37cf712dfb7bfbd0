"""Every sampler deals one global order out to the ranks: checked with real processes."""

import numpy as np
import pytest
from mmpretrain.registry import DATA_SAMPLERS

UNIFORM, CLASS_AWARE = dict(type='UniformSampler'), dict(type='ClassAwareSampler', reduce=1)
FOREIGN = dict(type='DefaultSampler', round_up=False)
SAMPLERS = {
    'uniform': UNIFORM,
    'class-aware': CLASS_AWARE,
    'instance-balanced': dict(type='InstanceBalancedSampler'),
    'class-balanced': dict(type='ClassBalancedSampler'),
    'square-root': dict(type='SquareRootSampler'),
    'progressively balanced': dict(type='ProgressivelyBalancedSampler', num_epochs=2),
    'effective number': dict(type='EffectiveNumberSampler'),
    'cben': dict(type='CBENSampler'),
    'streams': dict(
        type='StreamSampler', streams=dict(uniform=UNIFORM, rebalanced=CLASS_AWARE), epoch_length='rebalanced'
    ),
    'foreign': dict(
        type='StreamSampler', streams=dict(uniform=UNIFORM, foreign=FOREIGN), epoch_length=FOREIGN
    ),
}


@pytest.fixture(scope='session')
def build(labels):
    """Makes a sampler over 31 images: neither two ranks nor three classes divide them."""
    dataset = labels([[i % 3] for i in range(31)], 3)
    return lambda name, seed=5: DATA_SAMPLERS.build(
        SAMPLERS[name], default_args=dict(dataset=dataset, seed=seed)
    )


def rows(sampler):
    """What a sampler yields, an entry per position: all that is to know of its draws."""
    draws = [(int(d), getattr(d, 'stream', None), getattr(d, 'seed', None)) for d in sampler]
    width = len(getattr(sampler, 'streams', 'x'))
    return [draws[i : i + width] for i in range(0, len(draws), width)]


def run_rank(rank, build):
    np.random.seed(rank)  # ranks must agree on a seed that nobody gave
    result = {'unseeded': [int(i) for i in build('uniform', seed=None)]}
    for name in SAMPLERS:
        sampler = build(name)
        sampler.set_epoch(1)
        result[name] = rows(sampler)
        result[f'length of {name}'] = len(sampler)
    return result


@pytest.fixture(scope='module')
def ranks(two_ranks, build):
    """What the two ranks of a gloo group draw."""
    return two_ranks(run_rank, build)


@pytest.mark.parametrize('name', SAMPLERS)
def test_two_ranks_draw_the_order_of_one_process(ranks, build, name):
    alone = build(name)
    alone.set_epoch(1)
    expected = rows(alone)
    assert len(expected) % 2 == 1  # so that there is padding
    parts = [rank[name] for rank in ranks]
    union = [row for pair in zip(*parts, strict=True) for row in pair]
    assert union == expected + expected[:1]
    width = len(expected[0])
    assert [rank[f'length of {name}'] for rank in ranks] == [len(part) * width for part in parts]


def test_ranks_agree_on_a_seed_that_nobody_gave(ranks):
    union = ranks[0]['unseeded'] + ranks[1]['unseeded']
    assert len(union) == 32
    assert set(union) == set(range(31))


@pytest.mark.parametrize('name', SAMPLERS)
def test_order_depends_on_seed_and_epoch_alone(build, name):
    first, second = build(name), build(name)
    assert rows(first) == rows(first) == rows(second)
    second.set_epoch(1)
    assert rows(first) != rows(second)
    assert rows(first) != rows(build(name, seed=6))
    second.set_epoch(0)
    assert rows(first) == rows(second)


@pytest.mark.parametrize('name', SAMPLERS)
def test_an_order_in_blocks_is_the_same(build, monkeypatch, name):
    whole = rows(build(name))
    monkeypatch.setattr('mmlongtail.datasets.samplers.base.AT_ONCE', 4)
    assert rows(build(name)) == whole


@pytest.mark.parametrize('name', SAMPLERS)
@pytest.mark.parametrize('start', [1, 7, 8, 'all'])
def test_start_skips_once(build, name, start):
    sampler = build(name)
    every = list(sampler)
    streams = [getattr(draw, 'stream', None) for draw in every]
    sampler.start = len(sampler) if start == 'all' else start
    skipped = sampler.start
    rest = list(sampler)
    assert rest == every[skipped:]
    assert [getattr(draw, 'stream', None) for draw in rest] == streams[skipped:]
    assert len(sampler) == len(every)
    assert list(sampler) == every
