"""Changes of color and place against MMCV's and OpenCV's functions, picture by picture."""

import mmcv
import numpy as np
import pytest
import torch

from mmlongtail.models.batch_augments import neighborhoods
from mmlongtail.models.batch_augments.neighborhoods import rotation, shear, translation, warp_nearest

AMOUNTS = [-0.9, -0.123, 0.0, 0.3, 0.77]
FILL = (3, 128, 250)


def against(host, ours, images, values):
    """The largest difference between both on all images, each with all values."""
    batch = images.repeat(len(values), 1, 1, 1)
    amounts = torch.tensor(values, dtype=torch.float64).repeat_interleave(len(images))
    result = ours(batch, amounts)
    assert result.dtype == torch.uint8 and result.shape == batch.shape and result.is_contiguous()
    arrays = [image.permute(1, 2, 0).numpy() for image in batch]
    expected = np.stack([host(array, amount) for array, amount in zip(arrays, amounts.tolist())])
    return np.abs(expected.astype(int) - result.permute(0, 2, 3, 1).numpy()).max()


def test_color(pictures):
    assert against(lambda x, m: mmcv.adjust_color(x, 1 + m), neighborhoods.color, pictures, AMOUNTS) <= 1


def test_sharpness(pictures):
    assert (
        against(lambda x, m: mmcv.adjust_sharpness(x, 1 + m), neighborhoods.sharpness, pictures, AMOUNTS) <= 1
    )


@pytest.mark.parametrize('size', [(32, 32), (20, 32), (32, 13)])
def test_rotate(pictures, size):
    images = pictures[:, :, : size[0], : size[1]].contiguous()

    def ours(batch, values):
        return warp_nearest(batch, rotation(batch, values), FILL)

    def host(image, angle):
        return mmcv.imrotate(image, angle, border_value=FILL, interpolation='nearest')

    assert against(host, ours, images, [-30.0, -7.3, 0.0, 12.9, 90.0]) == 0


@pytest.mark.parametrize('size', [(32, 32), (20, 32)])
@pytest.mark.parametrize('direction, axis', [('horizontal', 1), ('vertical', 0)])
def test_translate(pictures, size, direction, axis):
    images = pictures[:, :, : size[0], : size[1]].contiguous()

    def ours(batch, values):
        return warp_nearest(batch, translation(batch, values, direction), FILL)

    def host(image, share):
        return mmcv.imtranslate(image, share * image.shape[axis], direction, FILL, 'nearest')

    assert against(host, ours, images, [-1.2, -0.45, -0.011, 0.0, 0.2, 0.45]) == 0


@pytest.mark.parametrize('size', [(32, 32), (20, 32)])
@pytest.mark.parametrize('direction', ['horizontal', 'vertical'])
def test_shear(pictures, size, direction):
    """Within a level: OpenCV's weights of the bicubic kernel are 15 bit numbers."""
    images = pictures[:, :, : size[0], : size[1]].contiguous()

    def host(image, value):
        return mmcv.imshear(image, value, direction, FILL, 'bicubic')

    def ours(batch, values):
        return shear(batch, values, direction, FILL)

    assert against(host, ours, images, [-3.0, -0.3, -0.04, 0.0, 0.123, 0.3]) <= 1


def test_cutout_cuts_squares_of_each_size():
    torch.manual_seed(0)
    images = torch.full((400, 3, 16, 16), 9, dtype=torch.uint8)
    sides = torch.arange(400, dtype=torch.float64) % 4 + 0.5
    hole = neighborhoods.cutout(images, sides, 0) == 0
    largest = [hole[i::4, 0].sum((1, 2)).max().item() for i in range(4)]
    assert largest == [0, 1, 4, 9]
