"""Transforms of the host become operations, or are refused."""

import pytest
import torch
from mmpretrain.registry import TRANSFORMS

from mmlongtail.models.batch_augments.operations import Operation, strength


def test_strength_by_hand():
    """Defaults of the host: both probabilities one half, no noise, level 10 of 10."""
    fixed = TRANSFORMS.build(dict(type='Solarize', thr=99, prob=0.2))
    ranged = TRANSFORMS.build(
        dict(type='Shear', magnitude_range=(0.1, 0.3), magnitude_level=4, magnitude_std='inf')
    )
    assert strength(fixed) == (0.2, 0, 99, 99, 10, 0, 10)
    assert strength(ranged) == (0.5, 0.5, 0.1, 0.3, 4, float('inf'), 10)


@pytest.mark.parametrize('pad_val, corner', [(128, [128, 0, 0]), ((1, 2, 3), [1, 2, 3])])
def test_rotation_fills_its_corners_as_the_host_does(per_picture, pad_val, corner):
    """MMCV hands one number to OpenCV, which fills the first channel with it and the others with 0."""
    images = torch.full((1, 3, 16, 16), 77, dtype=torch.uint8)
    host = TRANSFORMS.build(
        dict(type='Rotate', angle=30.0, prob=1.0, random_negative_prob=0.0, pad_val=pad_val)
    )
    operation = Operation(host)
    values = torch.tensor([30.0], dtype=torch.float64)
    result = operation.finish(images, operation.prepare(images, values))
    assert result[0, :, 0, 0].tolist() == corner
    assert torch.equal(result, per_picture(host, images))


@pytest.mark.parametrize(
    'config, named',
    [
        (dict(type='GaussianBlur', radius=1), "'GaussianBlur' has no batch form"),
        (dict(type='Rotate', angle=3, interpolation='bicubic'), "interpolation='bicubic' of policy 'Rotate'"),
        (dict(type='Rotate', angle=3, center=(1, 2)), r'center=\(1, 2\)'),
    ],
)
def test_operations_without_a_batch_form_are_named(config, named):
    with pytest.raises(ValueError, match=named):
        Operation(TRANSFORMS.build(config))
