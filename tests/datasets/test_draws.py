"""A draw is an index with a memory."""

import pickle

from mmlongtail.datasets.draws import Draw


def test_draw_is_an_index_that_survives_pickling():
    draw = pickle.loads(pickle.dumps(Draw(4, 'uniform', 17)))
    assert (draw, draw.stream, draw.seed) == (4, 'uniform', 17)
    assert [10, 11, 12, 13, 14][draw] == 14
    assert repr(draw) == "Draw(4, stream='uniform', seed=17)"
