"""Tables of pixel values against MMCV's functions, picture by picture."""

import mmcv
import numpy as np
import pytest
import torch

from mmlongtail.models.batch_augments import pixel_tables
from mmlongtail.models.batch_augments.operations import tables

CASES = [
    ('invert', mmcv.iminvert, [0.0], {}, 0),
    ('auto_contrast', mmcv.auto_contrast, [0.0], {}, 0),
    ('equalize', mmcv.imequalize, [0.0], {}, 0),
    ('solarize', mmcv.solarize, [0.0, 99.5, 128.0, 256.0], {}, 0),
    ('solarize_add', lambda x, m: np.where(x < 128, np.minimum(x + m, 255), x), [0.0, 55.5, 110.0], dict(thr=128), 0),
    ('posterize', lambda x, b: mmcv.posterize(x, int(np.ceil(b))), [0.0, 0.4, 3.0, 4.0, 8.0], {}, 0),
    ('brightness', lambda x, m: mmcv.adjust_brightness(x, 1 + m), [-0.9, -0.35, 0.1, 0.9], {}, 1),
    ('contrast', lambda x, m: mmcv.adjust_contrast(x, 1 + m), [-0.9, -0.35, 0.1, 0.9], {}, 1),
]  # fmt: skip


@pytest.mark.parametrize('name, host, values, options, tolerance', CASES, ids=[case[0] for case in CASES])
def test_same_pictures_as_mmcv(pictures, name, host, values, options, tolerance):
    """All values in one batch; a level of difference where MMCV blends in float32 with another order of sums."""
    images = pictures.repeat(len(values), 1, 1, 1)
    amounts = torch.tensor(values, dtype=torch.float64).repeat_interleave(len(pictures))
    prepared = tables(getattr(pixel_tables, name), images, amounts, **options)
    result = pixel_tables.look_up(images, prepared)
    assert prepared.shape == (len(images), 3, 256) and result.dtype == torch.uint8
    for image, amount, ours in zip(images, amounts.tolist(), result):
        array = image.permute(1, 2, 0).numpy()
        theirs = host(array, amount) if values != [0.0] else host(array)
        difference = np.abs(theirs.astype(np.uint8).astype(int) - ours.permute(1, 2, 0).numpy())
        assert difference.max() <= tolerance


def test_gray_is_opencvs(pictures):
    expected = [mmcv.bgr2gray(image.permute(1, 2, 0).numpy()) for image in pictures]
    np.testing.assert_array_equal(pixel_tables.gray(pictures)[:, 0].numpy(), expected)


def test_look_up_by_hand():
    table = torch.arange(256).flip(0).byte().expand(1, 3, 256)
    assert pixel_tables.look_up(torch.full((1, 3, 1, 2), 5, dtype=torch.uint8), table).unique().tolist() == [
        250
    ]
