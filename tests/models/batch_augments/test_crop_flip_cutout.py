"""Crop, flip and cutout: exact windows, and the places that the host's transforms draw."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import BATCH_AUGMENTS, TRANSFORMS
from scipy.stats import chisquare

from mmlongtail.models.batch_augments import BatchCutout, BatchRandomCrop, BatchRandomFlip
from mmlongtail.models.batch_augments.crop_flip_cutout import cut_out

SEVERAL = 4050


@pytest.fixture
def numbered() -> torch.Tensor:
    """Copies of a picture whose pixels all differ, (SEVERAL, 2, 4, 6) uint8."""
    return torch.arange(1, 49, dtype=torch.uint8).view(1, 2, 4, 6).repeat(SEVERAL, 1, 1, 1)


def test_crops_are_windows_at_uniform_places(numbered):
    torch.manual_seed(0)
    crops = BatchRandomCrop(padding=2, pad_val=7)(numbered).numpy()
    framed = np.pad(numbered[0].numpy(), ((0, 0), (2, 2), (2, 2)), constant_values=7)
    windows = {framed[:, y : y + 4, x : x + 6].tobytes(): 5 * y + x for y in range(5) for x in range(5)}
    counts = np.bincount([windows[crop.tobytes()] for crop in crops], minlength=25)
    assert chisquare(counts).pvalue > 0.001


def test_a_crop_may_be_smaller_than_the_picture():
    torch.manual_seed(0)
    image = torch.arange(48.0).view(1, 1, 6, 8).repeat(64, 1, 1, 1)
    crops = BatchRandomCrop(crop_size=3)(image)
    corner = crops[:, 0, 0, 0].long()
    assert crops.shape == (64, 1, 3, 3) and corner.div(8).max() < 4 and (corner % 8).max() == 5
    torch.testing.assert_close(crops[:, 0, 2, 1], crops[:, 0, 0, 0] + 17)


@pytest.mark.parametrize('prob', [0, 0.3, 1])
def test_flips_have_their_probability(numbered, prob):
    torch.manual_seed(0)
    result = BatchRandomFlip(prob)(numbered)
    mirrored = torch.from_numpy(np.ascontiguousarray(numbered.numpy()[..., ::-1]))
    flipped = (result == mirrored).flatten(1).all(1)
    assert (flipped | (result == numbered).flatten(1).all(1)).all()
    assert flipped.float().mean() == pytest.approx(prob, abs=0.03)


@pytest.mark.parametrize('shape', [16, 5, (4, 9)])
def test_cutout_hits_each_pixel_as_often_as_the_host_does(per_picture, shape):
    images = torch.zeros(SEVERAL, 3, 12, 20, dtype=torch.uint8)
    config = dict(shape=shape, pad_val=(1, 2, 3), prob=0.8)
    np.random.seed(0)
    torch.manual_seed(0)
    host = per_picture(TRANSFORMS.build(dict(type='Cutout', **config)), images)
    ours = BATCH_AUGMENTS.build(dict(type='BatchCutout', **config))(images)
    difference = (host > 0).float().mean(0) - (ours > 0).float().mean(0)
    assert difference.abs().max() < 0.05  # 4.5 standard deviations of one pixel's difference
    sizes = [np.bincount((x[:, 0] > 0).sum((1, 2)), minlength=241) / SEVERAL for x in (host, ours)]
    assert np.abs(sizes[0] - sizes[1]).max() < 0.05
    assert ours.amax((0, 2, 3)).tolist() == [1, 2, 3]


def test_overhanging_cutout_is_the_papers():
    """DeVries & Taylor: a uniform pixel is the center, and the square is clipped on all sides."""
    torch.manual_seed(0)
    images = torch.ones(SEVERAL, 1, 8, 8)
    hole = BatchCutout(4, pad_val=0, prob=1, overhang=True)(images)[:, 0] == 0
    expected = np.zeros((8, 8))
    for y, x in np.ndindex(8, 8):
        expected[max(y - 2, 0) : y + 2, max(x - 2, 0) : x + 2] += 1 / 64
    assert np.abs(hole.float().mean(0).numpy() - expected).max() < 0.04
    assert set(hole.sum((1, 2)).tolist()) == {4, 6, 8, 9, 12, 16}


def test_rectangle_by_hand():
    result = cut_out(torch.ones(1, 1, 3, 4), torch.tensor([1]), torch.tensor([-1]), (1, 3), 0)
    assert result[0, 0].tolist() == [[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]]


@pytest.mark.parametrize('augment', [BatchRandomCrop(4), BatchRandomFlip(), BatchCutout(8)])
@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32])
def test_torchs_generator_decides_and_the_input_stays(pictures, augment, dtype):
    images = pictures.to(dtype)
    before, results = images.clone(), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(augment(images))
    assert results[0].dtype == dtype and torch.equal(images, before)
    assert torch.equal(results[0], results[1]) and not torch.equal(results[0], results[2])


@pytest.mark.parametrize(
    'build, named',
    [
        (lambda: BatchRandomCrop(-1), 'padding is -1'),
        (lambda: BatchRandomCrop(1, crop_size=9)(torch.zeros(1, 3, 6, 8)), 'crop_size=9: at most the 8 x 10'),
        (lambda: BatchRandomFlip(1.5), 'prob is 1.5'),
        (lambda: BatchCutout(0), r'shape\[0\] is 0'),
        (lambda: BatchCutout(4, prob=-0.1), 'prob is -0.1'),
    ],
)
def test_bad_settings_are_named(build, named):
    with pytest.raises(ValueError, match=named):
        build()
