"""The crop is a window of the picture whose two sides are uniform and independent."""

import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.transforms.side_crop import RandomSideCrop


def crop_many(height: int, width: int, number: int = 2000, **settings) -> np.ndarray:
    """Crop a picture whose pixels hold their own place; return top, left, height and width of each crop."""
    places = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing='ij'), axis=-1)
    transform, windows = TRANSFORMS.build({'type': 'RandomSideCrop', **settings}), []
    for _ in range(number):
        results = transform({'img': places})
        h, w = results['img_shape']
        top, left = results['img'][0, 0]
        assert np.array_equal(results['img'], places[top : top + h, left : left + w])
        windows.append((top, left, h, w))
    return np.array(windows)


def test_sides_are_uniform_and_independent():
    np.random.seed(0)
    top, left, height, width = crop_many(200, 100).T
    for side, full in ((height, 200), (width, 100)):
        assert side.min() == round(0.8 * full) and side.max() == full
        assert abs(side.mean() / full - 0.9) < 0.005
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.06
    for start, side, full in ((top, height, 200), (left, width, 100)):
        room = full - side
        assert start.min() == 0 and (start <= room).all() and (start == room).any()
        assert abs((start[room > 0] / room[room > 0]).mean() - 0.5) < 0.03


def test_whole_side_and_tiny_pictures():
    assert (crop_many(7, 5, 20, min_side=1.0) == (0, 0, 7, 5)).all()
    assert (crop_many(1, 1, 20, min_side=0.01) == (0, 0, 1, 1)).all()


def test_global_seed_decides():
    windows = []
    for seed in (3, 3, 4):
        np.random.seed(seed)
        windows.append(crop_many(50, 60, 5))
    assert np.array_equal(windows[0], windows[1]) and not np.array_equal(windows[0], windows[2])


@pytest.mark.parametrize('min_side', [0, 1.2, -0.5])
def test_bad_side_is_named(min_side):
    with pytest.raises(ValueError, match=f'min_side is {min_side}'):
        RandomSideCrop(min_side)
