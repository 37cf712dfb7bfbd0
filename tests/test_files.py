"""Files that are there whole or not at all; what a flipped bit or a full disk does to them."""

import errno
import random
import resource
from contextlib import contextmanager

import pytest
import torch

from mmlongtail.files import DamagedFileError, DiskFullError, check_archive, written_whole

CONTENT = dict(
    state_dict=dict(weight=torch.arange(200.0), steps=torch.tensor(3)), meta=dict(text='word ' * 40)
)


@pytest.fixture
def archive(tmp_path):
    torch.save(CONTENT, tmp_path / 'some.pth')
    return tmp_path / 'some.pth'


@contextmanager
def limited():
    """No file larger than 1,000 bytes can be written, pytest's log included: what a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with written_whole(path) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new'
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(KeyboardInterrupt), written_whole(path) as file:
        file.write(b'new')
        raise KeyboardInterrupt
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_and_nothing_is_left(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(DiskFullError, match='not written: .*file') as error:
        with limited(), written_whole(path) as file:
            file.write(bytes(2000))
    assert error.value.errno == errno.EFBIG
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_whole_archive_passes(archive, tmp_path):
    check_archive(archive)
    torch.save(CONTENT, tmp_path / 'old_format.pth', _use_new_zipfile_serialization=False)
    check_archive(tmp_path / 'old_format.pth')


def same(first, second) -> bool:
    if isinstance(first, dict):
        keys = isinstance(second, dict) and first.keys() == second.keys()
        return keys and all(same(first[key], second[key]) for key in first)
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and first.dtype == second.dtype and first.equal(second)
    return first == second


def reads_as_written(path) -> bool:
    try:
        return same(torch.load(path, weights_only=True), CONTENT)
    except Exception:
        return False


def test_every_flipped_bit_that_changes_what_is_read_is_found(archive):
    whole, draw = archive.read_bytes(), random.Random(0)
    anywhere = [(draw.randrange(len(whole)), 1 << draw.randrange(8)) for _ in range(200)]
    directory = [(len(whole) - k, 1 << bit) for k in range(1, 500, 5) for bit in (0, 4)]  # the archive's own
    found = []
    for position, bit in anywhere + directory:
        archive.write_bytes(whole[:position] + bytes([whole[position] ^ bit]) + whole[position + 1 :])
        try:
            check_archive(archive)
        except DamagedFileError as error:
            assert str(archive) in str(error)
            found.append(position)
        else:
            assert reads_as_written(archive) or not torch_loads(archive)
    assert len(found) > 150


def torch_loads(path) -> bool:
    try:
        torch.load(path, weights_only=True)
        return True
    except Exception:
        return False


@pytest.mark.parametrize(
    ('share', 'words'), [(0, 'is empty'), (0.01, 'is cut off'), (0.5, 'is cut off'), (0.99, 'is cut off')]
)
def test_a_file_that_is_cut_off_is_named(archive, share, words):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DamagedFileError, match=f'some.pth {words}'):
        check_archive(archive)
