"""The distortion against color arithmetic in float64 (colorsys), and what it draws."""

import colorsys

import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.transforms.photometric import PhotoMetricDistortion, scale_and_shift, shift_color


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def test_brightness_and_contrast_equal_float64(picture):
    expected = np.clip(np.rint(picture.astype(np.float64) * 1.37 - 21.3), 0, 255)
    assert np.array_equal(scale_and_shift(picture, 1.37, -21.3), expected)


@pytest.mark.parametrize('degrees, saturation', [(18, 1.0), (-18, 1.0), (-7.3, 0.5), (0.0, 1.5)])
def test_color_change_agrees_with_colorsys(picture, degrees, saturation):
    expected = np.empty(picture.shape)
    for place in np.ndindex(picture.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*(picture[place][::-1] / 255))
        rgb = colorsys.hsv_to_rgb((h + degrees / 360) % 1, min(1, s * saturation), v)
        expected[place] = np.multiply(rgb, 255)[::-1]
    error = np.abs(shift_color(picture, degrees, saturation) - expected)
    assert error.max() <= 10 and error.mean() < 1.5  # hue in 256 steps: 1 step is 6 levels


def test_neutral_settings_leave_the_picture(picture):
    transform = PhotoMetricDistortion(0, (1, 1), (1, 1), 0)
    for seed in range(8):
        np.random.seed(seed)
        assert np.array_equal(transform({'img': picture})['img'], picture)


@pytest.mark.parametrize('swap', [False, True])
def test_each_change_has_probability_one_half(swap):
    transform = PhotoMetricDistortion(swap_channels=swap)
    np.random.seed(0)
    drawn = [transform._draw() for _ in range(2000)]
    for name, neutral in (('brightness', 0), ('contrast', 1), ('saturation', 1), ('hue', 0)):
        applied = np.array([d[name] for d in drawn if d[name] != neutral])
        assert 0.46 < len(applied) / 2000 < 0.54, name
        low, high = {'brightness': (-32, 32), 'hue': (-18, 18)}.get(name, (0.5, 1.5))
        assert low <= applied.min() < low + 0.05 * (high - low), name
        assert high >= applied.max() > high - 0.05 * (high - low), name
    permuted = np.mean([tuple(d['channels']) != (0, 1, 2) for d in drawn])
    assert abs(permuted - (5 / 12 if swap else 0)) < 0.04  # a permutation is the identity one time in six


def test_channels_are_permuted_only_when_switched_on(picture):
    only_swap = PhotoMetricDistortion(0, (1, 1), (1, 1), 0, swap_channels=True)
    np.random.seed(0)
    results = [only_swap({'img': picture})['img'] for _ in range(40)]
    orders = {
        tuple(int(np.where((picture == r[..., [c]]).all((0, 1)))[0][0]) for c in range(3)) for r in results
    }
    assert len(orders) == 6 and all(sorted(order) == [0, 1, 2] for order in orders)


@pytest.mark.parametrize('contrast_first, expected', [(True, (255, 202, 202)), (False, (255, 225, 225))])
def test_order_of_the_changes_by_hand(monkeypatch, contrast_first, expected):
    """170, 70, 70 + 30 is 200, 100, 100; x 1.5 clips to 255, 150, 150. Half the saturation comes before or after."""
    drawn = {'brightness': 30, 'contrast': 1.5, 'saturation': 0.5, 'hue': 0, 'channels': range(3)}
    transform = PhotoMetricDistortion()
    monkeypatch.setattr(transform, '_draw', lambda: {**drawn, 'contrast_first': contrast_first})
    result = transform({'img': np.full((2, 2, 3), (170, 70, 70), np.uint8)})['img']
    assert np.abs(result.astype(int) - expected).max() <= 2


def test_global_seed_decides_and_the_input_stays(picture):
    transform = TRANSFORMS.build({'type': 'PhotoMetricDistortion', 'swap_channels': True})
    before, results = picture.copy(), []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        results.append(transform({'img': picture})['img'])
    assert np.array_equal(results[0], results[1]) and not np.array_equal(results[0], results[2])
    assert results[0].dtype == np.uint8 and np.array_equal(picture, before)


@pytest.mark.parametrize(
    'bad, named',
    [
        ({'brightness_delta': -1}, 'brightness_delta is -1'),
        ({'hue_delta': 181}, 'hue_delta is 181'),
        ({'contrast_range': (1.5, 0.5)}, 'contrast_range is'),
        ({'saturation_range': (-1, 1)}, r'saturation_range\[0\] is -1'),
    ],
)
def test_bad_settings_are_named(bad, named):
    with pytest.raises(ValueError, match=named):
        PhotoMetricDistortion(**bad)


@pytest.mark.parametrize('img', [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_other_pictures_are_refused(img):
    with pytest.raises(ValueError, match='uint8 is expected'):
        PhotoMetricDistortion()({'img': img})
