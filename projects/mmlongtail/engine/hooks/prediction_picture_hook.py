"""Images of a test set with what the model says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from mmpretrain.structures import DataSample
from torch import Tensor

from mmlongtail.structures import checks

from ..run_parts import bare_model


@HOOKS.register_module()
class PredictionPictureHook(Hook):
    """Draw labels and predictions on every n-th image of a test: as it is on the disk, in its size and colors.

    A data set without files, such as CIFAR's, has its images drawn as the network gets them. The host's
    VisualizationHook draws all so, and red as blue. The files are named by the image's place in the data set
    and its name.

    Args:
        out_dir: Folder of the images, .png.
        interval: Draw every n-th image.
        show: Show each in a window.
        wait_time: Seconds that a window stays; 0 waits for a key.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(
        self, out_dir: str | None = None, interval: int = 1, show: bool = False, wait_time: float = 2
    ) -> None:
        self.interval = checks.whole('interval', interval)
        self.out_dir = checks.text('out_dir', out_dir, optional=True)
        wait_time = checks.number('wait_time', wait_time, at_least=0)
        self.window = dict(show=checks.flag('show', show), wait_time=wait_time)

    def after_test_iter(
        self, runner, batch_idx: int, data_batch: dict, outputs: Sequence[DataSample] = ()
    ) -> None:
        """Draw those of a batch."""
        rank, ranks = get_dist_info()
        loader = runner.test_dataloader
        for i, sample in enumerate(outputs):
            index = (batch_idx * loader.batch_size + i) * ranks + rank  # ranks take turns
            if index % self.interval == 0 and index < len(loader.dataset):
                path = sample.get('img_path')
                image = mmcv.imread(path, channel_order='rgb') if path else self._seen(runner, data_batch, i)
                self._draw(runner, image, sample, f'{index:06d}{f"_{Path(path).stem}" if path else ""}')

    def _draw(self, runner, image: np.ndarray, sample: DataSample, name: str) -> None:
        out_file = self.out_dir and str(Path(self.out_dir, f'{name}.png'))
        runner.visualizer.visualize_cls(image, sample, name=name, out_file=out_file, **self.window)

    @staticmethod
    def _seen(runner, data_batch: dict, i: int) -> np.ndarray:
        """The ``i``-th input, (H, W, 3) RGB; of several views the first."""
        inputs = data_batch['inputs'][i]
        image: Tensor = inputs if isinstance(inputs, Tensor) else inputs[0]
        array = image.permute(1, 2, 0).cpu().numpy().astype(np.uint8)
        swapped = getattr(bare_model(runner.model).data_preprocessor, 'to_rgb', False)
        return array[..., ::-1] if swapped else array
