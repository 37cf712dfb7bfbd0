"""Trained experts that see the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmlongtail.structures import ClassStatistics

from .collab_sources import read_checkpoint
from .trained_models import load_model, read_config


@dataclass(frozen=True)
class Peers:
    """E experts in one or several models that see the same images.

    Args:
        cfg: Config of the first model, whose data sets and augmentation serve all.
        models: Each with one expert or more.
        statistics: Of the training set.
        num_workers: Processes that load images.
    """

    cfg: Config
    models: Sequence[nn.Module]
    statistics: ClassStatistics
    num_workers: int = 0

    @torch.no_grad()
    def log_probs(self, inputs: Tensor) -> Tensor:
        """Logarithms of the experts' test scores of normalised images (B, C, H, W): (E, B, K) float64 on the CPU.

        Raises:
            ValueError: If the scores are no probabilities of the training set's classes.
        """
        samples = [model(inputs, mode='predict') for model in self.models]
        scores = torch.cat([torch.stack([_expert_scores(s) for s in part], dim=1) for part in samples])
        scores, num_classes = scores.cpu().double(), len(self.statistics.class_counts)
        if scores.size(-1) != num_classes or not scores.sum(-1).allclose(scores.new_ones(()), atol=1e-3):
            raise ValueError(
                f'scores of {scores.size(-1)} classes that add up to {scores[0, 0].sum():.3g}, expected '
                f'probabilities of {num_classes} classes that add up to 1, of a single-label head'
            )
        return scores.clamp_min(torch.finfo(torch.float32).tiny).log().log_softmax(dim=-1)


def load_peers(
    files: Sequence[tuple[str | Path, str | Path]],
    options: dict | None = None,
    device: str = 'cpu',
    num_workers: int = 0,
) -> Peers:
    """One model, with one expert or several, or models that were trained independently.

    Args:
        files: Config and checkpoint of each model.
        options: Settings of the configs to override.
        device: Where the models go.
        num_workers: Processes that load images.

    Raises:
        ValueError: If a checkpoint does not fit, or models differ in class counts or in how images are normalised.
    """
    cfgs = [read_config(config, options) for config, _ in files]
    known = [read_checkpoint(checkpoint)[0] for _, checkpoint in files]
    models = [load_model(cfg, checkpoint).to(device) for cfg, (_, checkpoint) in zip(cfgs, files)]
    for (_, checkpoint), statistics, model in zip(files, known, models):
        if not np.array_equal(statistics.class_counts, known[0].class_counts):
            raise ValueError(f'{checkpoint} and {files[0][1]} differ in class_counts: nothing to compare')
        if _normalisation(model) != _normalisation(models[0]):
            raise ValueError(
                f'{checkpoint} and {files[0][1]} differ in how their data_preprocessor normalises images, expected '
                'models that can share them'
            )
        model.data_preprocessor.batch_augments = None  # an image that is mixed has no class
        statistics.hand_to(model.modules())
    return Peers(cfgs[0], models, known[0], num_workers)


def _expert_scores(sample) -> Tensor:
    """Scores of each expert, (E, K)."""
    return sample.expert_scores if 'expert_scores' in sample else sample.pred_score[None]


def _normalisation(model: nn.Module) -> tuple:
    """What the model's preprocessor does to every image."""
    preprocessor = model.data_preprocessor
    mean, std = (getattr(preprocessor, name, torch.empty(0)).flatten().tolist() for name in ('mean', 'std'))
    return mean, std, getattr(preprocessor, 'to_rgb', None)
