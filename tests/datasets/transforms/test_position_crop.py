"""Five crops are torchvision's."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import TRANSFORMS
from torchvision.transforms.functional import five_crop

ORDER = ('top_left', 'top_right', 'bottom_left', 'bottom_right', 'center')


@pytest.mark.parametrize('shape', [(9, 12), (12, 9), (7, 7), (10, 13)])
def test_five_crops(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    expected = five_crop(torch.from_numpy(picture).permute(2, 0, 1), 7)
    for position, crop in zip(ORDER, expected):
        results = TRANSFORMS.build(dict(type='PositionCrop', crop_size=7, position=position))(
            {'img': picture}
        )
        assert np.array_equal(results['img'], crop.permute(1, 2, 0).numpy()) and results['img_shape'] == (
            7,
            7,
        )


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="position is 'left'"):
        TRANSFORMS.build(dict(type='PositionCrop', crop_size=7, position='left'))
    with pytest.raises(ValueError, match='crop_size is 7, but the picture has 6 x 9 pixels'):
        TRANSFORMS.build(dict(type='PositionCrop', crop_size=7))({'img': np.zeros((6, 9, 3))})
