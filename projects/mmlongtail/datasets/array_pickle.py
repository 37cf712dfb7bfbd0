"""Pickles of NumPy arrays and plain Python data, of the archives that exist in no other form; nothing else is built."""

import io
import pickle
from typing import Any

import numpy as np


def _encode(text: str, encoding: str) -> bytes:
    """Stand in for ``_codecs.encode``, which pickles of protocol 2 call for their bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'an encoding {encoding!r}, latin1 is expected')
    return text.encode(encoding)


ALLOWED = {('numpy', 'ndarray'): np.ndarray, ('numpy', 'dtype'): np.dtype, ('_codecs', 'encode'): _encode}
for _core in ('numpy.core', 'numpy._core'):  # NumPy 1's and NumPy 2's names
    ALLOWED[f'{_core}.multiarray', '_reconstruct'] = np.zeros(1).__reduce__()[0]
    ALLOWED[f'{_core}.multiarray', 'scalar'] = np.float64(0).__reduce__()[0]
    ALLOWED[f'{_core}.numeric', '_frombuffer'] = np.zeros(1).__reduce_ex__(5)[0]


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f'{module}.{name} is no part of arrays, and is not loaded')
        return ALLOWED[module, name]


def loads(content: bytes) -> Any:
    """Read arrays, numbers, text, bytes, lists, tuples, dicts and sets; text of Python 2 is read as latin1.

    Raises:
        pickle.UnpicklingError: If anything else is in it, which is named.
        Exception: Of any kind, if it is damaged.
    """
    return _ArrayUnpickler(io.BytesIO(content), encoding='latin1').load()
