"""Features on disk: what is written is read, by any process, and room is made in the order of use."""

import os
import pickle
import shutil

import pytest
import torch

from mmlongtail.datasets import feature_store
from mmlongtail.datasets.feature_store import FeatureFile, FeatureStore, feature_bytes
from mmlongtail.files import DiskFullError


def allocate(store, key='a', views=2, images=5, shape=(1, 3), storage='float32', chunk=4) -> FeatureFile:
    file = store[key]
    file.allocate(views, images, shape, storage, chunk, dict(until='neck'))
    return file


def fill(file) -> torch.Tensor:
    values = torch.randn(file.views * file.images, *file.shape, generator=torch.Generator().manual_seed(1))
    for number in file.missing():
        rows = file.chunk_rows(number)
        file.write(number, values[rows.start : rows.stop])
    file.commit()
    return values


@pytest.mark.parametrize(
    ('storage', 'dtype'),
    [('float32', torch.float32), ('float16', torch.float16), ('bfloat16', torch.bfloat16)],
)
def test_written_and_read(tmp_path, storage, dtype):
    file = allocate(FeatureStore(tmp_path), storage=storage)
    values = fill(file)
    assert (
        (tmp_path / 'a/features').stat().st_size
        == feature_bytes(2, 5, (1, 3), storage)
        == 30 * dtype.itemsize
    )
    again = pickle.loads(pickle.dumps(FeatureStore(tmp_path)['a'].load()))
    for view in range(2):
        for image in range(5):
            row = again.read(view, image)
            assert row.dtype == dtype and torch.equal(row, values[5 * view + image].to(dtype))


def test_chunks_that_were_not_committed_are_missing(tmp_path):
    file = allocate(FeatureStore(tmp_path))
    assert file.missing() == [0, 1, 2] and list(file.chunk_rows(2)) == [8, 9]
    file.write(1, torch.zeros(4, 1, 3))
    file.commit()
    file.write(0, torch.zeros(4, 1, 3))
    assert FeatureStore(tmp_path)['a'].load().missing() == [0, 2]


@pytest.mark.parametrize(
    ('features', 'words'),
    [
        (torch.zeros(4, 1, 4), r'shape \(4, 1, 4\), expected \(4, 1, 3\)'),
        (torch.full((4, 1, 3), 1e5), "storage='float16' cannot hold"),
        (torch.full((4, 1, 3), float('nan')), "storage='float16' cannot hold"),
    ],
)
def test_what_cannot_be_stored_is_refused(tmp_path, features, words):
    with pytest.raises(ValueError, match=words):
        allocate(FeatureStore(tmp_path), storage='float16').write(0, features)


def test_a_disk_that_is_too_small_is_told_before(tmp_path, monkeypatch):
    free = feature_store.KEPT_FREE + 119
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**12, 0, free))
    with pytest.raises(DiskFullError, match='1.12e-07 GiB, but the disk only'):
        allocate(FeatureStore(tmp_path))
    assert not (tmp_path / 'a').exists()
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**12, 0, free + 1))
    assert allocate(FeatureStore(tmp_path)).exists


def test_the_least_recently_used_make_room_and_those_in_use_stay(tmp_path):
    store = FeatureStore(tmp_path, limit=400)  # three of 120 bytes
    for age, key in enumerate('cba'):
        allocate(store, key)
        os.utime(tmp_path / key / 'entry.json', (age, age))
    store.make_room(40, 'new')
    assert all(store[key].exists for key in 'abc')
    user = FeatureStore(tmp_path)
    user.hold('c')
    store.make_room(41, 'new')
    assert [key for key in 'abc' if store[key].exists] == ['a', 'c']
    store.make_room(400, 'c')  # in place of itself
    assert [key for key in 'abc' if store[key].exists] == ['c']
    with pytest.raises(ValueError, match='limit_gb is .* expected at least the'):
        store.make_room(401, 'new')
    FeatureStore(tmp_path).make_room(10**9, 'new')


def test_many_users_or_one_builder(tmp_path):
    first, second = FeatureStore(tmp_path), FeatureStore(tmp_path)
    lock = first.hold('a')
    second.hold('a')  # does not wait
    second._held.pop().close()
    first.only(lock)
    with open(tmp_path / 'a.lock', 'wb') as other:
        assert not feature_store._try_lock(other, exclusive=False)
        first.share(lock)
        assert feature_store._try_lock(other, exclusive=False) and not feature_store._try_lock(other)
