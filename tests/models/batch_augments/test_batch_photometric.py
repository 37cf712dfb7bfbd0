"""The distortion of batches beside OpenCV's floating-point HSV and the transform of single images."""

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.registry import BATCH_AUGMENTS, TRANSFORMS
from scipy.stats import ks_2samp

from mmlongtail.models.batch_augments import BatchPhotoMetricDistortion
from mmlongtail.models.batch_augments.photometric import Distortion, distort, shift_color


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


@pytest.fixture
def images() -> torch.Tensor:
    """Noise, with a black, a gray and a white row, (8, 3, 12, 16) uint8."""
    images = torch.randint(256, (8, 3, 12, 16), generator=torch.Generator().manual_seed(0)).byte()
    images[:, :, 0], images[:, :, 1], images[:, :, 2] = 0, 128, 255
    return images


@pytest.mark.parametrize(
    'degrees, saturation', [(0, 1), (18, 1), (-18, 0.5), (0, 1.5), (-180, 1.2), (75, 0), (180, 4)]
)
def test_color_is_shifted_as_by_opencv(images, degrees, saturation):
    shifted = shift_color(images.float(), column(degrees), column(float(saturation)))
    for image, result in zip(images, shifted):
        hsv = cv2.cvtColor(image.permute(1, 2, 0).float().numpy() / 255, cv2.COLOR_BGR2HSV)
        hsv[..., 0] = (hsv[..., 0] + degrees) % 360
        hsv[..., 1] = np.minimum(hsv[..., 1] * saturation, 1)
        expected = 255 * torch.from_numpy(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)).permute(2, 0, 1)
        torch.testing.assert_close(result, expected, rtol=0, atol=0.02)


def test_one_image_after_the_other_gives_nearly_the_same(images, monkeypatch):
    """Each image by the single transform with what the batch has drawn; that one rounds three times."""
    torch.manual_seed(0)
    batch = BatchPhotoMetricDistortion(swap_channels=True)
    drawn = batch.draw(len(images))
    single = TRANSFORMS.build(dict(type='PhotoMetricDistortion', swap_channels=True))
    for i, result in enumerate(distort(images, drawn)):
        one = {name: getattr(drawn, name)[i].item() for name in ('brightness', 'hue', 'saturation')} | dict(
            channels=drawn.channels[i].tolist()
        )
        before, after = drawn.before[i].item(), drawn.after[i].item()
        one |= dict(contrast=before * after, contrast_first=before != 1)  # one of them is 1
        monkeypatch.setattr(single, '_draw', lambda one=one: one)
        expected = single(dict(img=images[i].permute(1, 2, 0).numpy()))['img'].transpose(2, 0, 1)
        assert np.abs(result.numpy().astype(int) - expected).max() <= 4


@pytest.mark.parametrize('first, expected', [(True, (255, 202, 202)), (False, (255, 225, 225))])
def test_order_of_the_changes_by_hand(first, expected):
    """170, 70, 70 + 30 is 200, 100, 100; x 1.5 clips to 255, 150, 150. Half the saturation comes before or after."""
    image = torch.tensor([170, 70, 70], dtype=torch.uint8).view(1, 3, 1, 1)
    contrast = (1.5, 1.0) if first else (1.0, 1.5)
    drawn = [column(30.0), column(contrast[0]), column(0.0), column(0.5), column(contrast[1])]
    result = distort(image, Distortion(*drawn, channels=torch.tensor([[0, 1, 2]])))
    assert (result.flatten().int() - torch.tensor(expected)).abs().max() <= 1


def test_draws_follow_those_of_single_images():
    np.random.seed(0)
    torch.manual_seed(0)
    ours = BATCH_AUGMENTS.build(dict(type='BatchPhotoMetricDistortion', swap_channels=True)).draw(4000)
    host = TRANSFORMS.build(dict(type='PhotoMetricDistortion', swap_channels=True))
    theirs = [host._draw() for _ in range(4000)]
    for name in ('brightness', 'hue', 'saturation'):
        assert ks_2samp(getattr(ours, name).flatten(), [one[name] for one in theirs]).pvalue > 1e-3, name
    contrast = [one['contrast'] if one['contrast_first'] else 1.0 for one in theirs]
    assert ks_2samp(ours.before.flatten(), contrast).pvalue > 1e-3
    assert not ((ours.before != 1) & (ours.after != 1)).any()
    swapped = (ours.channels != torch.arange(3)).any(1).float().mean()
    assert swapped == pytest.approx(5 / 12, abs=0.04)  # a permutation is the identity one time in six
    assert (BatchPhotoMetricDistortion().draw(100).channels == torch.arange(3)).all()


def test_neutral_settings_leave_the_images(images):
    neutral = BatchPhotoMetricDistortion(
        brightness_delta=0, contrast_range=(1, 1), saturation_range=(1, 1), hue_delta=0
    )
    assert torch.equal(neutral(images), images)
    assert neutral(images[:0]).shape == (0, 3, 12, 16)


def test_bad_settings_and_images_are_named(images):
    with pytest.raises(ValueError, match='hue_delta is 181'):
        BatchPhotoMetricDistortion(hue_delta=181)
    for bad in (images.float(), images[0], images[:, :2]):
        with pytest.raises(ValueError, match=r'\(B, 3, H, W\) of uint8 are expected'):
            BatchPhotoMetricDistortion()(bad)
