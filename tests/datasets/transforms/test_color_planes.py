"""Color on planes against float64 arithmetic: colorsys for hue and saturation."""

import colorsys

import numpy as np
import pytest

from mmlongtail.datasets.transforms.color_planes import scale_and_shift, shift_color, split


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    """Noise, grays, two equal channels, black and white."""
    picture = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    picture[0], picture[1] = picture[0, :, :1], 0
    picture[2], picture[3] = 255, picture[3, :, [0, 0, 1]].T
    picture[4] = picture[4, :, [0, 1, 0]].T
    return picture


def on_planes(function, picture, *args) -> np.ndarray:
    return np.stack(function(split(picture), *args), axis=-1).astype(float)


@pytest.mark.parametrize('factor, shift', [(1.37, -21.3), (0.5, 0.0), (1.0, 32.0), (1.0, 0.0)])
def test_scale_and_shift_equals_float64(picture, factor, shift):
    expected = np.clip(picture * factor + shift, 0, 255)
    assert np.abs(on_planes(scale_and_shift, picture, factor, shift) - expected).max() <= 0.501


@pytest.mark.parametrize(
    'degrees, saturation, factor, most',
    [
        (18, 1.0, 1.0, 0.51),
        (-18, 1.0, 1.0, 0.51),
        (0, 0.5, 1.0, 0.51),
        (0, 1.5, 1.0, 0.51),
        (0, 1.0, 1.3, 0.51),
        (120, 1.0, 1.0, 0.01),
        (-180, 1.0, 1.0, 0.01),
        (-7.3, 0.5, 1.0, 1.01),
        (179, 1.5, 0.7, 2.01),
        (11, 1.4, 1.3, 2.7),
        (45, 0.0, 1.5, 0.51),
        (-61, 1.0, 1.0, 0.51),
    ],
)
def test_color_change_agrees_with_colorsys(picture, degrees, saturation, factor, most):
    expected = np.empty(picture.shape)
    for place in np.ndindex(picture.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*(picture[place][::-1] / 255))
        rgb = colorsys.hsv_to_rgb((h + degrees / 360) % 1, min(1, s * saturation), v)
        expected[place] = np.clip(np.multiply(rgb, 255)[::-1] * factor, 0, 255)
    error = np.abs(on_planes(shift_color, picture, degrees, saturation, factor) - expected)
    assert error.max() <= most and error.mean() <= 0.3


def test_planes_of_a_mirrored_view_and_of_a_window(picture):
    for view in (
        picture[:, ::-1],
        picture[::-1],
        picture[::-1, ::-1],
        picture[2:9, 3:7],
        picture[2:9, 3:7][:, ::-1],
    ):
        assert np.array_equal(np.stack(split(view), axis=-1), view)
