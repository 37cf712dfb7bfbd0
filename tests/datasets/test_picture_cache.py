"""What is written is read again, also by another process's maps, and what is damaged or does not fit is missing."""

import numpy as np
import pytest

from mmlongtail.datasets import picture_cache
from mmlongtail.datasets.picture_cache import PictureCache
from mmlongtail.files import DamagedFileError

COLOR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)


@pytest.fixture
def cache(tmp_path):
    (tmp_path / 'cache').mkdir()
    cache = PictureCache(tmp_path / 'cache')
    cache.allocate([36, 0, 12], {})
    return cache


def test_images_come_back_as_another_process_reads_them(cache):
    assert cache.read(0) is None and cache.count() == 0
    assert cache.write(0, COLOR, (30, 40)) and cache.write(2, COLOR[..., 0], (3, 4))
    picture_cache._opened.cache_clear()  # as another process
    for index, expected, shape in ((0, COLOR, (30, 40)), (2, COLOR[..., 0], (3, 4))):
        img, ori_shape = cache.read(index)
        np.testing.assert_array_equal(img, expected)
        assert ori_shape == shape
    assert cache.count() == 2


def test_what_does_not_fit_is_not_stored(cache):
    assert not cache.write(1, COLOR, (3, 4)) and not cache.write(2, COLOR, (3, 4))
    assert not cache.write(0, COLOR.astype(np.float32)[:1, :1], (1, 1))
    assert cache.count() == 0


def test_a_damaged_image_counts_as_missing(cache):
    cache.write(0, COLOR, (3, 4))
    pixels = np.memmap(cache.folder / 'pixels', np.uint8, 'r+')
    pixels[5] ^= 1
    pixels.flush()
    picture_cache._opened.cache_clear()
    assert cache.read(0) is None


def test_files_of_another_size_are_named(cache):
    cache.check(3)
    with pytest.raises(DamagedFileError, match='is damaged: its files have'):
        cache.check(4)
    (cache.folder / 'entry.json').write_text('{')
    with pytest.raises(DamagedFileError, match='is damaged'):
        cache.check(3)
