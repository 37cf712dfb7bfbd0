"""Named tensors in files of the safetensors format, which can hold nothing else, and features of classes in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .files import DamagedFileError, written_whole

SUFFIX = '.safetensors'
DTYPES = dict(
    F64=torch.float64,
    F32=torch.float32,
    F16=torch.float16,
    BF16=torch.bfloat16,
    I64=torch.int64,
    I32=torch.int32,
    I16=torch.int16,
    I8=torch.int8,
    U8=torch.uint8,
    BOOL=torch.bool,
)
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LONGEST_HEADER = 100_000_000  # bytes, the format's own limit


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file, and the notes about them.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is cut off, changed or of another format.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} can not be found.')
    size = path.stat().st_size
    if size < 8:
        raise DamagedFileError(f'{path} is cut off: it has {size} bytes')
    content = torch.from_file(str(path), size=size, dtype=torch.uint8)
    length = int.from_bytes(content[:8].numpy().tobytes(), 'little')
    try:
        if length > min(LONGEST_HEADER, size - 8):
            raise ValueError(f'a header of {length} bytes in a file of {size}')
        header = json.loads(content[8 : 8 + length].numpy().tobytes())
        notes = header.pop('__metadata__', {})
        data = content[8 + length :]
        tensors = {name: _tensor(data, **entry) for name, entry in header.items()}
        if (end := max([entry['data_offsets'][1] for entry in header.values()], default=0)) != len(data):
            raise ValueError(f'{len(data)} bytes of tensors, expected {end}')
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise DamagedFileError(f'{path} is damaged, or no file of safetensors: {error}') from error
    return tensors, notes


def _tensor(data: Tensor, dtype: str, shape: Sequence[int], data_offsets: Sequence[int]) -> Tensor:
    begin, end = data_offsets
    kind = DTYPES[dtype]
    if not 0 <= begin <= end <= len(data) or end - begin != int(np.prod(shape, dtype=object)) * kind.itemsize:
        raise ValueError(f'{dtype} of shape {shape} at bytes {begin} to {end} of {len(data)}')
    if begin == end:
        return torch.empty(shape, dtype=kind)
    return data[begin:end].clone().view(kind).reshape(shape)


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], notes: Mapping[str, str] | None = None
) -> None:
    """Write tensors, and notes about them, so that :func:`read_tensors` and the safetensors package read them."""
    header, begin = {'__metadata__': dict(notes)} if notes else {}, 0
    # the widest numbers come first, so that all lie at multiples of their width
    items = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    parts = []
    for name, tensor in items:
        parts.append(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        end = begin + len(parts[-1])
        header[name] = dict(dtype=NAMES[tensor.dtype], shape=list(tensor.shape), data_offsets=[begin, end])
        begin = end
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with written_whole(path) as file:
        file.write(len(text).to_bytes(8, 'little') + text)
        for part in parts:
            file.write(part)


def write_class_features(path: str | Path, features: Tensor, classes: Sequence[str]) -> None:
    """Write one feature per class, (K, D), with the classes' names."""
    write_tensors(path, dict(features=features), dict(classes=json.dumps(list(classes))))


def read_class_features(path: str | Path) -> tuple[Tensor, list[str] | None]:
    """Features (K, D) of classes, and their names where the file has them: .safetensors, or .npy without names.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it does not hold one matrix of finite numbers, or as many names.
    """
    if Path(path).suffix == '.npy':
        try:
            features, classes = torch.from_numpy(np.load(path, allow_pickle=False)), None
        except (ValueError, EOFError, TypeError) as error:
            raise DamagedFileError(f'{path} is damaged, or no array of numbers: {error}') from error
    else:
        tensors, notes = read_tensors(path)
        features = tensors.get('features', torch.empty(0))
        classes = json.loads(notes['classes']) if 'classes' in notes else None
    if features.ndim != 2 or not features.is_floating_point() or not features.isfinite().all():
        raise DamagedFileError(
            f'{path} holds no features: expected a matrix of finite numbers, one row per class'
        )
    if classes is not None and len(classes) != len(features):
        raise DamagedFileError(f'{path} has features of {len(features)} classes and {len(classes)} names')
    return features, classes
