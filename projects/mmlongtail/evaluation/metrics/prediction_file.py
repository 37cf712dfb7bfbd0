"""All predictions of a test in a file that any program may read: unlike a pickle, it cannot run anything."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.fileio import dump
from mmpretrain.registry import METRICS

from mmlongtail.structures import checks


@METRICS.register_module()
class PredictionFile(BaseMetric):
    """Write every sample's prediction and label, with its ``img_path``, as a JSON list; MMEngine's DumpResults pickles.

    It measures nothing.

    Args:
        out_file_path: The file, which ends in ``.json``.
        **kwargs: What :class:`mmengine.evaluator.BaseMetric` takes.

    Raises:
        ValueError: If the file has another suffix.
    """

    def __init__(self, out_file_path: str, **kwargs):
        super().__init__(**kwargs)
        if not checks.text('out_file_path', out_file_path).endswith('.json'):
            checks.refuse('out_file_path', out_file_path, 'a name that ends in .json')
        self.out_file_path = out_file_path

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the samples of a batch, as plain numbers and text."""
        self.results.extend(map(plain, data_samples))

    def compute_metrics(self, results: list) -> dict:
        """Write the file."""
        dump(results, self.out_file_path)
        return {}


def plain(value: Any) -> Any:
    """A nested sample with lists for its tensors; NumPy's numbers and arrays are the writer's own business."""
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
