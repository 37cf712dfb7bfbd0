"""Arrays and plain data come back as they were, from every protocol; anything else is refused by its name."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from mmlongtail.datasets.array_pickle import loads

DATA = dict(
    data=np.arange(6, dtype=np.uint8).reshape(2, 3),
    labels=[1, np.int64(2)],
    text='é',
    raw=b'\xff',
    pair=(1.5, None),
)


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('core', [b'numpy.core', b'numpy._core'])
def test_arrays_of_every_protocol_and_numpy(protocol, core):
    content = pickle.dumps(DATA, protocol)
    if protocol < 4:  # the later ones count the bytes of a name
        content = content.replace(b'numpy.core', core).replace(b'numpy._core', core)
    loaded = loads(content)
    np.testing.assert_array_equal(loaded.pop('data'), DATA['data'])
    assert loaded == {key: value for key, value in DATA.items() if key != 'data'}


def test_text_of_python_2():
    assert loads(b"(dp0\nS'batch_label'\np1\nS'\\xe9'\np2\ns.") == {'batch_label': 'é'}


class Calls:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
@pytest.mark.parametrize(
    ('make', 'named'),
    [
        (lambda harm: Calls(os.system, f'touch {harm}'), 'posix.system'),
        (lambda harm: np.array([Calls(os.system, f'touch {harm}')]), 'posix.system'),
        (lambda harm: Calls(eval, f'open({harm!r}, "w")'), 'eval'),
        (lambda harm: Calls(getattr, np.ndarray, 'tofile'), 'getattr'),
        (lambda harm: Calls(np.load, harm), 'load'),
        (lambda harm: Calls(np.save, harm, 1), 'save'),
        (lambda harm: OrderedDict(a=1), 'OrderedDict'),
    ],
)
def test_what_is_refused(tmp_path, make, named, protocol):
    with pytest.raises(pickle.UnpicklingError, match=rf'{named} is no part of arrays'):
        loads(pickle.dumps(make(str(tmp_path / 'harm')), protocol))
    assert not (tmp_path / 'harm').exists()


def test_another_encoding_is_not_looked_up():
    with pytest.raises(pickle.UnpicklingError, match="encoding 'zip'"):
        loads(b"c_codecs\nencode\n(S'a'\nS'zip'\ntR.")
