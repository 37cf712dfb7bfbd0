"""What a result was computed from, as a short text that changes whenever one of its sources does."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator, Mapping
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

# of a module, what leaves its outputs in eval mode as they are
WITHOUT_EFFECT = {'training', 'forward', 'frozen_stages', 'norm_eval', 'num_batches_tracked', 'with_cp'}


def fingerprint(*parts: object, length: int = 24) -> str:
    """A hexadecimal digest of values: of settings, arrays, tensors, transforms, modules with their weights.

    An object counts by its class and attributes. The same parts give the same digest in any process.

    Example:
        >>> fingerprint(dict(scale=(8, 8)), np.arange(3)) == fingerprint(dict(scale=(8, 8)), np.arange(3))
        True
        >>> fingerprint(dict(scale=(8, 8))) == fingerprint(dict(scale=(8, 9)))
        False
    """
    digest = hashlib.sha256()
    for text in _walk(parts, ()):
        digest.update(text if isinstance(text, (bytes, memoryview)) else text.encode())
        digest.update(b'\0')
    return digest.hexdigest()[:length]


def file_mark(path: str) -> tuple[str, int, int]:
    """Absolute path, size in bytes and time of change in ns of a file."""
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


def _walk(value: object, above: tuple[int, ...]) -> Iterator[str | bytes]:
    """The parts of a value one by one; ``above`` are the ids of the objects that hold it."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        yield f'{type(value).__name__} {value!r}'
    elif isinstance(value, (np.ndarray, np.generic, Tensor)):
        yield from _array(value)
    elif isinstance(value, Mapping):
        yield f'{len(value)} keys'
        for key in sorted(value, key=repr):
            yield repr(key)
            yield from _walk(value[key], above)
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield f'{len(value)} items'
        for item in value if isinstance(value, (list, tuple)) else sorted(value, key=repr):
            yield from _walk(item, above)
    elif isinstance(value, (type, ModuleType)) or (callable(value) and hasattr(value, '__qualname__')):
        yield f'{getattr(value, "__module__", "")}.{getattr(value, "__qualname__", value)}'
    elif isinstance(value, functools.partial):
        yield from _walk((value.func, value.args, value.keywords), above)
    else:
        yield from _object(value, above)


def _object(value: object, above: tuple[int, ...]) -> Iterator[str | bytes]:
    yield f'{type(value).__module__}.{type(value).__qualname__}'
    if id(value) in above:
        return
    if isinstance(value, nn.Module):
        public = {name: item for name, item in vars(value).items() if not name.startswith('_')}
        tensors = dict(value.named_parameters(recurse=False)) | dict(value.named_buffers(recurse=False))
        attributes = public | tensors | dict(value.named_children())
        attributes = {name: item for name, item in attributes.items() if name not in WITHOUT_EFFECT}
    else:
        attributes = getattr(value, '__dict__', {})
        if not attributes:
            attributes = {name: getattr(value, name, None) for name in getattr(type(value), '__slots__', ())}
    yield from _walk(attributes, (*above, id(value)))


def _array(value: np.ndarray | np.generic | Tensor) -> Iterator[str | bytes]:
    if isinstance(value, Tensor):
        yield f'{value.dtype} {tuple(value.shape)}'
        value = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    else:
        value = np.ascontiguousarray(value)
        yield f'{value.dtype} {value.shape}'
    yield value.tobytes() if value.dtype != object else repr(value.tolist())
