"""Pictures by their headers and as a whole: sound, damaged and too large ones."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmlongtail.datasets.picture_file import MAX_PIXELS, memory_fault, picture_fault


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header asks for that many gray pixels."""
    header = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0))
    return b'\x89PNG\r\n\x1a\n' + header + chunk(b'IDAT', zlib.compress(bytes(100))) + chunk(b'IEND', b'')


def write(folder: Path, suffix: str, height: int = 72, width: int = 90) -> Path:
    path = folder / f'a.{suffix}'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8))
    return path


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'bmp', 'webp', 'tif', 'ppm', 'hdr'])
@pytest.mark.parametrize('side', [1, 7, 72])
def test_sound_pictures_of_all_sizes(tmp_path, suffix, side):
    assert picture_fault(str(write(tmp_path, suffix, side, side))) is None


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'bmp', 'webp'])
def test_cut_off_pictures(tmp_path, suffix):
    """A JPEG is decoded at an eighth of its size: that must find what the whole size finds."""
    path = write(tmp_path, suffix)
    content = path.read_bytes()
    for length in (0, 1, 30, len(content) // 2, len(content) - 90):
        path.write_bytes(content[:length])
        decoded = (
            cv2.imdecode(np.frombuffer(content[:length], np.uint8), cv2.IMREAD_COLOR) if length else None
        )
        assert (picture_fault(str(path)) is None) == (decoded is not None)
        assert memory_fault(str(path)) is None or suffix == 'png'
    path.write_bytes(b'<html>')
    assert picture_fault(str(path)) == 'does not decode as an image'
    assert (
        picture_fault(str(tmp_path))
        == picture_fault(str(tmp_path / 'none.jpg'))
        == 'does not decode as an image'
    )


@pytest.mark.parametrize(
    'width, height, words', [(30000, 30000, '900000000 pixels'), (100001, 1000, '100001 x 1000')]
)
def test_too_large_pictures_are_not_decoded(tmp_path, monkeypatch, width, height, words):
    path = tmp_path / 'a.png'
    path.write_bytes(png_that_says(width, height))
    monkeypatch.setattr(cv2, 'imdecode', None)
    for fault in (picture_fault(str(path)), memory_fault(str(path))):
        assert fault.startswith('is too large') and words in fault and f'max_pixels={MAX_PIXELS}' in fault
    assert memory_fault(str(path), None) is None


def test_the_limit_itself_is_allowed(tmp_path):
    path = str(write(tmp_path, 'png', 10, 9))
    assert picture_fault(path, 90) is None and picture_fault(path, None) is None
    assert picture_fault(path, 89) == 'is too large (9 x 10): at most max_pixels=89 are expected'
    assert memory_fault(str(tmp_path / 'none.png')) is None  # whoever reads it will say so


def test_what_is_in_a_file_is_as_good_as_the_file(tmp_path):
    for suffix in ('jpg', 'png', 'bmp'):
        path = write(tmp_path, suffix)
        content = path.read_bytes()
        for cut in (content, content[: len(content) // 2], content[:1], b''):
            path.write_bytes(cut)
            for check in (picture_fault, memory_fault):
                assert check(cut) == check(str(path)) and check(cut, 9) == check(str(path), 9)
    assert memory_fault(png_that_says(100001, 1000)).startswith('is too large (100001 x 1000)')


def test_what_follows_a_png_does_not_matter(tmp_path):
    path = write(tmp_path, 'png')
    path.write_bytes(path.read_bytes() + b'\xff' * 100)
    assert picture_fault(str(path)) is None and memory_fault(str(path)) is None


def test_a_chunk_longer_than_the_file_is_not_decoded(tmp_path, monkeypatch):
    path = write(tmp_path, 'png')
    content = bytearray(path.read_bytes())
    content[33:37] = (2**31).to_bytes(4, 'big')  # where the first chunk after the header begins
    path.write_bytes(content)
    monkeypatch.setattr(cv2, 'imdecode', None)
    for fault in (picture_fault(str(path)), memory_fault(str(path)), memory_fault(str(path), None)):
        assert fault == 'is damaged: it has a chunk of 2147483648 bytes, longer than the file'
