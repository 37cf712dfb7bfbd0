"""What the distortion draws and in which order it applies it; its arithmetic is tested in test_color_planes.py."""

import cv2
import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.transforms.photometric import PhotoMetricDistortion


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


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


def test_result_is_packed_without_a_copy(picture):
    result = PhotoMetricDistortion()({'img': picture})['img']
    assert result.shape == picture.shape and result.transpose(2, 0, 1).flags.c_contiguous
    packed = TRANSFORMS.build({'type': 'PackInputs'})({'img': result, 'gt_label': 0})['inputs']
    assert np.shares_memory(packed.numpy(), result)


def test_values_are_those_of_the_floating_point_way(picture):
    """With the same random numbers, through OpenCV's HSV in float32."""
    transform = PhotoMetricDistortion()
    errors = []
    for seed in range(300):
        np.random.seed(seed)
        ours = transform({'img': picture})['img'].astype(float)
        np.random.seed(seed)
        errors.append(np.abs(ours - through_float_hsv(picture, transform._draw())))
    assert np.max(errors) < 8 and np.mean(errors) < 0.4  # a level of a dark pixel is much of its saturation


def through_float_hsv(img: np.ndarray, drawn: dict) -> np.ndarray:
    first = drawn['contrast'] if drawn['contrast_first'] else 1.0
    img = np.clip((img.astype(np.float32) + drawn['brightness']) * first, 0, 255) / 255
    hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0] + drawn['hue']) % 360
    hsv[..., 1] = np.minimum(hsv[..., 1] * drawn['saturation'], 1)
    img = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR) * 255
    return np.clip(img * (1.0 if drawn['contrast_first'] else drawn['contrast']), 0, 255)
