"""Reduced loading against the host's loading and an average over squares of pixels."""

import cv2
import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from mmlongtail.datasets.transforms.reduced_load import LoadReducedImage


def write(path, height: int, width: int, turn: int = 1, **options) -> dict:
    """A smooth picture, for whose averages the JPEG's own losses do not matter."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)).save(
        path, exif=exif, **options
    )
    return dict(img_path=str(path))


@pytest.fixture(scope='module')
def host():
    return TRANSFORMS.build(dict(type='LoadImageFromFile'))


@pytest.mark.parametrize('turn', range(1, 9))
@pytest.mark.parametrize('options', [dict(quality=95), dict(quality=95, progressive=True)])
def test_half_and_quarter_are_averages_of_what_the_host_loads(tmp_path, host, turn, options):
    info = write(tmp_path / 'a.jpg', 160, 240, turn, **options)
    whole = host(dict(info))
    for least, parts in ((80, 2), (81, 1), (40, 4), (20, 8), (1, 8)):
        results = TRANSFORMS.build(dict(type='LoadReducedImage', least_side=least))(dict(info))
        height, width = (side // parts for side in whole['img_shape'])
        assert results['img_shape'] == results['img'].shape[:2] == (height, width)
        assert results['ori_shape'] == whole['ori_shape'] and results['img_path'] == info['img_path']
        averages = cv2.resize(whole['img'], (width, height), interpolation=cv2.INTER_AREA).astype(float)
        error = np.abs(results['img'] - averages)
        assert error.mean() < 1 and error.max() < 12


@pytest.mark.parametrize('name, height, width', [('a.png', 100, 100), ('a.jpg', 9, 100), ('a.bmp', 64, 64)])
def test_small_pictures_and_other_formats_are_the_hosts(tmp_path, host, name, height, width):
    info = write(tmp_path / name, height, width)
    assert np.array_equal(LoadReducedImage(5)(dict(info))['img'], host(dict(info))['img'])


def test_odd_sides_are_rounded_up_and_a_side_is_never_too_short(tmp_path):
    results = LoadReducedImage(33)(write(tmp_path / 'a.jpg', 67, 101))
    assert results['img_shape'] == (34, 51) and results['ori_shape'] == (67, 101)


def test_what_does_not_decode_is_the_hosts_error(tmp_path):
    info = write(tmp_path / 'a.jpg', 64, 64)
    (tmp_path / 'a.jpg').write_bytes((tmp_path / 'a.jpg').read_bytes()[:300])
    with pytest.raises(AssertionError, match='failed to load image'):
        LoadReducedImage(8)(info)
    with pytest.raises(ValueError, match='least_side is 0'):
        LoadReducedImage(0)
