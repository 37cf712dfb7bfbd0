"""Features on disk: what is written is read, by any process."""

import pickle
import shutil

import pytest
import torch

from mmlongtail.datasets import feature_file
from mmlongtail.datasets.feature_file import FeatureFile, feature_bytes
from mmlongtail.files import DiskFullError


def allocate(folder, views=2, images=5, shape=(1, 3), storage='float32', chunk=4) -> FeatureFile:
    file = FeatureFile(folder / 'a')
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
    file = allocate(tmp_path, storage=storage)
    values = fill(file)
    assert (
        (tmp_path / 'a/features').stat().st_size
        == feature_bytes(2, 5, (1, 3), storage)
        == 30 * dtype.itemsize
    )
    again = pickle.loads(pickle.dumps(FeatureFile(tmp_path / 'a').load()))
    for view in range(2):
        for image in range(5):
            row = again.read(view, image)
            assert row.dtype == dtype and torch.equal(row, values[5 * view + image].to(dtype))


def test_chunks_that_were_not_committed_are_missing(tmp_path):
    file = allocate(tmp_path)
    assert file.missing() == [0, 1, 2] and list(file.chunk_rows(2)) == [8, 9]
    file.write(1, torch.zeros(4, 1, 3))
    file.commit()
    file.write(0, torch.zeros(4, 1, 3))
    assert FeatureFile(tmp_path / 'a').load().missing() == [0, 2]


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
        allocate(tmp_path, storage='float16').write(0, features)


def test_a_disk_that_is_too_small_is_told_before(tmp_path, monkeypatch):
    free = feature_file.KEPT_FREE + 119
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**12, 0, free))
    with pytest.raises(DiskFullError, match='1.12e-07 GiB, but the disk only'):
        allocate(tmp_path)
    assert not (tmp_path / 'a').exists()
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**12, 0, free + 1))
    assert allocate(tmp_path).exists
