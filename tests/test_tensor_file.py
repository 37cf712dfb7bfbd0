"""The format is read and written as its package does it; damaged files are named."""

import json

import numpy as np
import pytest
import torch
from mmengine.runner import CheckpointLoader

from mmlongtail.files import DamagedFileError
from mmlongtail.tensor_file import (
    DTYPES,
    read_class_features,
    read_tensors,
    write_class_features,
    write_tensors,
)

TENSORS = {
    **{name: torch.arange(6).reshape(2, 3).to(dtype) for name, dtype in DTYPES.items()},
    'scalar': torch.tensor(2.5),
    'empty': torch.empty(0, 3),
    'transposed': torch.arange(6.0).reshape(2, 3).T,
}


def file_of(path, header, data=b'', length=None):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    path.write_bytes((len(text) if length is None else length).to_bytes(8, 'little') + text + data)
    return path


def same(read):
    assert read.keys() == TENSORS.keys()
    assert all(read[n].dtype == t.dtype and torch.equal(read[n], t) for n, t in TENSORS.items())


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / 'a.safetensors'
    write_tensors(path, TENSORS, dict(a='b'))
    tensors, notes = read_tensors(path)
    same(tensors)
    assert notes == dict(a='b')
    same(CheckpointLoader.load_checkpoint(str(path)))


def test_is_the_packages_format(tmp_path):
    package = pytest.importorskip(
        'safetensors.torch', reason='SAFETENSORS IS MISSING: the format was checked by hand only'
    )
    write_tensors(tmp_path / 'a.safetensors', TENSORS)
    same(package.load_file(tmp_path / 'a.safetensors'))
    contiguous = {name: t.contiguous() for name, t in TENSORS.items()}
    package.save_file(contiguous, tmp_path / 'b.safetensors', dict(a='b'))
    same(read_tensors(tmp_path / 'b.safetensors')[0])


def test_a_file_written_by_hand(tmp_path):
    header = dict(
        w=dict(dtype='F32', shape=[2], data_offsets=[1, 9]),
        b=dict(dtype='U8', shape=[1], data_offsets=[0, 1]),
    )
    data = b'\x07' + np.array([1.5, -2], np.float32).tobytes()  # not at a multiple of its width
    tensors, notes = read_tensors(file_of(tmp_path / 'a.safetensors', header, data))
    assert tensors['w'].tolist() == [1.5, -2] and tensors['b'].tolist() == [7] and notes == {}


@pytest.mark.parametrize(
    ('header', 'data', 'length'),
    [
        (dict(w=dict(dtype='F32', shape=[2], data_offsets=[0, 8])), bytes(4), None),  # cut off
        (
            dict(w=dict(dtype='F32', shape=[2], data_offsets=[0, 8])),
            bytes(9),
            None,
        ),  # more than there should be
        (dict(w=dict(dtype='F32', shape=[3], data_offsets=[0, 8])), bytes(8), None),
        (dict(w=dict(dtype='F32', shape=[-2], data_offsets=[0, -8])), bytes(8), None),
        (dict(w=dict(dtype='F99', shape=[2], data_offsets=[0, 8])), bytes(8), None),
        (dict(w=dict(dtype='F32', shape=[2])), bytes(8), None),
        (dict(w=3), bytes(8), None),
        (b'[1]', b'', None),
        (b'{', b'', None),
        (b'{}', b'', 1 << 60),
    ],
)
def test_damaged_files_are_named(tmp_path, header, data, length):
    with pytest.raises(DamagedFileError, match='a.safetensors is damaged'):
        read_tensors(file_of(tmp_path / 'a.safetensors', header, data, length))


def test_no_file_and_a_short_one(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.safetensors'):
        read_tensors(tmp_path / 'none.safetensors')
    (tmp_path / 'a.safetensors').write_bytes(b'123')
    with pytest.raises(DamagedFileError, match='cut off'):
        read_tensors(tmp_path / 'a.safetensors')


def test_features_of_classes(tmp_path):
    features = torch.randn(2, 3)
    write_class_features(tmp_path / 'a.safetensors', features, ['cat', 'dög'])
    read, classes = read_class_features(tmp_path / 'a.safetensors')
    assert torch.equal(read, features) and classes == ['cat', 'dög']
    np.save(tmp_path / 'a.npy', features.numpy())
    read, classes = read_class_features(tmp_path / 'a.npy')
    assert torch.equal(read, features) and classes is None


@pytest.mark.parametrize('bad', ['pickle', 'vector', 'integers', 'nan', 'names', 'other'])
def test_what_are_no_features_is_refused(tmp_path, bad):
    features = torch.randn(2, 3)
    path = tmp_path / ('a.npy' if bad in ('pickle', 'vector', 'integers') else 'a.safetensors')
    if bad == 'pickle':
        np.save(path, np.array([dict()], dtype=object), allow_pickle=True)
    elif bad in ('vector', 'integers'):
        np.save(path, np.ones(3) if bad == 'vector' else np.ones((2, 3), np.int64))
    elif bad == 'other':
        write_tensors(path, dict(weight=features))
    else:
        write_class_features(
            path, features * (np.nan if bad == 'nan' else 1), ['a'] if bad == 'names' else ['a', 'b']
        )
    with pytest.raises(DamagedFileError, match=path.name):
        read_class_features(path)
