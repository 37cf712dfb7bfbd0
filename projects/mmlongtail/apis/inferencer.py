"""Predictions of a trained model in Python, by MMPretrain's inferencer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmpretrain.apis import ImageClassificationInferencer
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.structures import checks

from .answers import Answers
from .picture_input import PictureInput, picture_files, same_size_batches
from .trained import load_trained
from .views import tta_model


class LongTailInferencer(ImageClassificationInferencer):
    """Names, scores and groups of what images show, of one label each or of many.

    The checkpoint is enough: config, classes, class counts and tuned thresholds travel inside, as data. Nothing in it
    is run and nothing is downloaded.

    Args:
        checkpoint: File that a training left.
        config: Config file of the training, for a checkpoint whose own names modules that are not imported.
        device: Where the model runs, MMEngine's choice if None.
        expert: Index of the expert that predicts alone; None averages all of them.
        tta: Average over the config's views, or over the image and its flip. A config that tests so always does.
        allow_partial: Take a checkpoint that does not fill the model.

    Raises:
        OSError: If the file is missing or damaged.
        pickle.UnpicklingError: If it holds more than data.
        ValueError: If it has no config, does not fill the model, or there is no such expert.

    Example:
        >>> predict = LongTailInferencer('work_dirs/collab/voc_lt/epoch_8.pth')  # doctest: +SKIP
        >>> predict('street.jpg')  # doctest: +SKIP
        [{'path': 'street.jpg', 'indices': [14, 6], 'names': ['person', 'car'], 'scores': [0.93, 0.71],
          'groups': ['head', 'head']}]
    """

    preprocess_kwargs: set = set()
    forward_kwargs = postprocess_kwargs = {'top_k', 'all_scores'}

    def __init__(
        self,
        checkpoint: str | Path,
        config: str | Path | Config | None = None,
        device: str | torch.device | None = None,
        expert: int | None = None,
        tta: bool = False,
        allow_partial: bool = False,
    ) -> None:
        self.trained = load_trained(checkpoint, config, expert, checks.flag('allow_partial', allow_partial))
        self.tta = checks.flag('tta', tta)
        model = self.trained.model
        model._config = self.trained.cfg
        super().__init__(model, pretrained=False, device=device or get_device(), classes=self.trained.classes)
        if self.pipeline.views:
            self.model = MODELS.build(dict(tta_model(self.trained.cfg), module=model)).eval()

    def __call__(
        self,
        inputs: str | os.PathLike | np.ndarray | Sequence,
        return_datasamples: bool = False,
        batch_size: int = 1,
        **kwargs,
    ) -> list[dict] | list[DataSample]:
        """Predict.

        Args:
            inputs: An image, a file or an array (H, W, 3) uint8 BGR; a list of them; or a folder with subfolders.
            return_datasamples: Give MMPretrain's samples instead, whose ``pred_label`` are the labels.
            batch_size: Images that the model gets at once.
            kwargs: ``top_k``, ``all_scores`` (see :class:`Answers`), and those of the host's drawings: ``show_dir`` and
                so on.

        Returns:
            Of each image ``indices``, ``names``, ``scores`` and ``groups`` of its labels, the best first, and its
            ``path`` if it has one: plain lists, numbers and text.

        Raises:
            PictureError: If an image cannot be read.
        """
        checks.whole('batch_size', batch_size)
        return super().__call__(inputs, return_datasamples, batch_size, **kwargs)

    def _init_pipeline(self, cfg: Config) -> PictureInput:
        return PictureInput(cfg, self.tta)

    def _inputs_to_list(self, inputs) -> list:
        if isinstance(inputs, (str, os.PathLike)) and os.path.isdir(inputs):
            return [os.path.join(inputs, name) for name in picture_files(os.fspath(inputs))]
        listed = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        return [os.fspath(item) if isinstance(item, os.PathLike) else item for item in listed]

    def preprocess(self, inputs: list, batch_size: int = 1) -> Iterator[dict]:
        """Batches of what the model takes."""
        for chunk in self._get_chunk_data(map(self.pipeline, inputs), batch_size):
            yield from same_size_batches(chunk)

    def predict(self, inputs: dict) -> list[DataSample]:
        """The model's samples of a batch, with its scores."""
        return super().forward(inputs)

    def forward(self, inputs: dict, **kwargs) -> list[DataSample]:
        """The model's samples, whose labels are decided here."""
        samples, answers = self.predict(inputs), Answers(self.trained, **kwargs)
        for sample in samples:
            sample.set_pred_label(torch.from_numpy(answers.labels(scores_of(sample))))
        return samples

    def postprocess(self, preds, visualization, return_datasamples=False, **kwargs):
        """Plain answers."""
        if return_datasamples:
            return preds
        answers, paths = Answers(self.trained, **kwargs), [sample.get('img_path') for sample in preds]
        return [
            (dict(path=path) if path else {}) | answers(scores_of(sample))
            for path, sample in zip(paths, preds)
        ]


def scores_of(sample: DataSample) -> np.ndarray:
    """Scores of a sample, (K,) float32."""
    return sample.pred_score.detach().float().cpu().numpy()
