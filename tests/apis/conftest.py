"""Checkpoints of tiny networks of random weights, each with the config and the counts that a training leaves in it."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from tiny_trained import CLASSES, COUNTS, MEAN, NORM, STD, training_config


@pytest.fixture(scope='session')
def write_checkpoint(tmp_path_factory) -> Callable:
    """Write the checkpoint of a head; the weights are the same for the same head."""

    def write(
        head: dict, text: str | None = None, drop: str = '?', config: Config | None = None, **more
    ) -> Path:
        cfg = config or training_config(head)
        torch.manual_seed(3)
        model = MODELS.build(dict(deepcopy(cfg.model.to_dict()), data_preprocessor=dict(NORM)))
        for value in model.state_dict().values():
            value.normal_()
        state = {name: value for name, value in model.state_dict().items() if drop not in name}
        meta = dict(epoch=1, iter=2, cfg=cfg.pretty_text if text is None else text)
        counts = dict(class_counts=list(COUNTS), num_images=130, classes=list(CLASSES))
        path = tmp_path_factory.mktemp('checkpoint') / 'epoch_1.pth'
        torch.save(dict(meta=meta, state_dict=state, class_statistics=counts, **more), path)
        return path

    return write


@pytest.fixture(scope='session')
def picture_folder(tmp_path_factory) -> Path:
    """Five pictures of several sizes, one of them in a subfolder, and a text."""
    folder, noise = tmp_path_factory.mktemp('pictures'), np.random.RandomState(0)
    (folder / 'deep').mkdir()
    (folder / 'notes.txt').write_text('no picture')
    for name, size in {'a': (12, 12), 'b': (20, 9), 'c': (12, 12), 'deep/d': (30, 30), 'e': (12, 12)}.items():
        cv2.imwrite(str(folder / f'{name}.png'), noise.randint(0, 256, (*size, 3)))
    return folder


@pytest.fixture(scope='session')
def by_hand() -> Callable:
    """Logits of a classifier for BGR pictures (B, H, W, 3), normalized here and not by its preprocessor."""

    @torch.no_grad()
    def logits(model: torch.nn.Module, pictures: np.ndarray, rgb: bool = False) -> torch.Tensor:
        pictures = np.asarray(pictures, np.float64)
        pixels = (pictures if rgb else pictures[..., ::-1]) - MEAN
        pixels = torch.from_numpy((pixels / STD).transpose(0, 3, 1, 2).copy()).float()
        return model.head(model.extract_feat(pixels))

    return logits
