"""A draw is an index with a memory."""

import pickle
import random

import numpy as np
import pytest
import torch

from mmlongtail.datasets.draws import Draw, random_scope


def numbers() -> list[float]:
    return [random.random(), *np.random.rand(2), np.random.normal(), torch.rand(()).item()]


def seeded(seed: int) -> list[float]:
    """As a program draws them that seeds its generators with no scope."""
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    return numbers()


def test_draw_is_an_index_that_survives_pickling():
    draw = pickle.loads(pickle.dumps(Draw(4, 'uniform', 17)))
    assert (draw, draw.stream, draw.seed) == (4, 'uniform', 17)
    assert [10, 11, 12, 13, 14][draw] == 14
    assert repr(draw) == "Draw(4, stream='uniform', seed=17)"


def test_scopes_of_a_seed_draw_as_seeded_generators_do_and_leave_the_outer_ones():
    inner, nested = seeded(5), seeded(6)
    expected = seeded(7) + [random.random(), *np.random.rand(2)]
    seeded(7)
    with random_scope(5):
        with random_scope(6):
            assert numbers() == nested
        assert numbers() == inner
    with pytest.raises(KeyError), random_scope(6):
        raise KeyError
    assert [random.random(), *np.random.rand(2)] == expected[-3:]
