"""The uniform sampler: every image once."""

import numpy as np

from mmlongtail.datasets.samplers import UniformSampler


def test_every_image_once_in_each_epoch(labels):
    sampler = UniformSampler(labels([[0]] * 101, 1), seed=0)
    orders = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        assert sorted(orders[-1]) == list(range(101)) != orders[-1]
    assert orders[0] != orders[1] != orders[2]
    seeds = {draw.seed for order in orders for draw in order}
    assert len(seeds) == 303  # each has its own augmentation
    # what the generators of python and of numpy take
    assert all(type(seed) is int and 0 <= seed < 2**32 for seed in seeds) and max(seeds) > 2**31
    assert len(sampler) == 101


def test_places_are_uniform(labels):
    sampler = UniformSampler(labels([[0]] * 8, 1), seed=3)
    first = np.bincount([sampler.order(epoch)[0] for epoch in range(4000)], minlength=8)
    assert np.abs(first - 500).max() < 5 * np.sqrt(500)
