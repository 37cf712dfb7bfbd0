"""Colors, size and names of the drawn pictures."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer
from torch import nn

from mmlongtail.engine.hooks import PredictionPictureHook

BLUE = np.array([250, 40, 10])  # as OpenCV has it: blue, green, red


@pytest.fixture
def draw(tmp_path):
    """Draw batches of predictions for blue pictures; the files by name."""

    def run(batches: list[int], on_disk: bool, to_rgb: bool = True, **settings) -> dict[str, np.ndarray]:
        model = nn.Module()
        model.data_preprocessor = SimpleNamespace(to_rgb=to_rgb)
        hook = PredictionPictureHook(out_dir=str(tmp_path / 'out'), **settings)
        loader = SimpleNamespace(batch_size=batches[0], dataset=range(sum(batches)))
        visualizer = UniversalVisualizer.get_instance(tmp_path.name)
        runner = SimpleNamespace(model=model, test_dataloader=loader, visualizer=visualizer)
        cv2.imwrite(str(tmp_path / 'blue.png'), np.full((60, 90, 3), BLUE, np.uint8))
        for batch_idx, size in enumerate(batches):
            inputs = [
                torch.from_numpy(BLUE if to_rgb else BLUE[::-1].copy())[:, None, None].repeat(1, 32, 48)
            ] * size
            samples = [DataSample().set_pred_label(1) for _ in range(size)]
            for sample in samples if on_disk else ():
                sample.set_field(str(tmp_path / 'blue.png'), 'img_path', field_type='metainfo')
            hook.after_test_iter(runner, batch_idx, dict(inputs=inputs), samples)
        return {path.stem: cv2.imread(str(path)) for path in (tmp_path / 'out').glob('*')}

    return run


@pytest.mark.parametrize(
    ('on_disk', 'to_rgb', 'shape'),
    [(True, True, (60, 90)), (False, True, (32, 48)), (False, False, (32, 48))],
)
def test_blue_stays_blue(draw, on_disk, to_rgb, shape):
    (picture,) = draw([1], on_disk, to_rgb).values()
    assert picture.shape[:2] == shape
    np.testing.assert_array_equal(picture[-1, -1], BLUE)
    assert (picture != BLUE).any()  # what is drawn on it


def test_every_nth_picture_also_of_a_short_last_batch(draw):
    assert sorted(draw([4, 4, 3], True, interval=3)) == [f'00000{i}_blue' for i in (0, 3, 6, 9)]


def test_an_interval_is_at_least_one():
    with pytest.raises(ValueError, match='interval is 0, expected a whole number >= 1'):
        PredictionPictureHook(interval=0)
