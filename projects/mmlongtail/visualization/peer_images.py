"""The images that trained experts are compared on: the test set, or augmented copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from mmpretrain.registry import DATASETS
from torch import Tensor
from torch.utils.data import DataLoader

from mmlongtail.datasets.wrappers import innermost
from mmlongtail.structures import image_labels

from .peers import Peers


def read_test_images(peers: Peers) -> tuple[np.ndarray, Iterator[Tensor]]:
    """Class of each test image, (N,), and the normalised images, (B, C, H, W) at a time.

    Raises:
        ValueError: If an image is of no class or of several.
    """
    config = peers.cfg.test_dataloader
    dataset = DATASETS.build(config.dataset)
    batches = _loader(peers, 'test', dataset, _chunks(range(len(dataset)), config.batch_size))
    preprocessor = peers.models[0].data_preprocessor
    return single_labels(dataset), (preprocessor(batch, False)['inputs'] for batch in batches)


def augmented_copies(
    peers: Peers, part: str, dataset, images: Sequence[int], copies: int
) -> Iterator[Tensor]:
    """Augmented images, (T, B, C, H, W) at a time, as many rounds through the pipeline as it takes.

    Args:
        peers: The experts, with their config.
        part: Which data loader's images they are, 'train' or 'test'.
        dataset: What :func:`augmented_dataset` gives.
        images: Indices into it.
        copies: Copies T of each image.
    """
    preprocessor = peers.models[0].data_preprocessor
    rounds = -(-copies // getattr(preprocessor, 'num_views', 1))
    chunks = _chunks(images, peers.cfg.train_dataloader.batch_size)
    repeated = [chunk for chunk in chunks for _ in range(rounds)]
    views: list[Tensor] = []
    for chunk, batch in zip(repeated, _loader(peers, part, dataset, repeated)):
        views += preprocessor(batch, True)['inputs'].unflatten(0, (-1, len(chunk)))
        if len(views) >= copies:
            yield torch.stack(views[:copies])
            views = []


def augmented_dataset(cfg: Config, part: str):
    """The part's images in the training's pipeline."""
    config, train = deepcopy(cfg[f'{part}_dataloader'].dataset), cfg.train_dataloader.dataset
    if part != 'train':
        innermost(config).pipeline = deepcopy(innermost(train).pipeline)
    return DATASETS.build(config)


def single_labels(dataset) -> np.ndarray:
    """Class of each image, (N,).

    Raises:
        ValueError: If an image is of no class or of several.
    """
    images, classes = image_labels(dataset)
    if not np.array_equal(images, np.arange(len(dataset))):
        raise ValueError(
            f'{type(dataset).__name__} has images of no class or of several, expected one class of each image'
        )
    return classes


def _chunks(indices: Sequence[int], size: int) -> list[list[int]]:
    return [list(indices[first : first + size]) for first in range(0, len(indices), size)]


def _loader(peers: Peers, part: str, dataset, batches: list[list[int]]) -> DataLoader:
    """These batches, collated as the part's own loader does it."""
    kind = peers.cfg[f'{part}_dataloader'].get('collate_fn', {}).get('type')
    collate = FUNCTIONS.get(kind) if isinstance(kind, str) else kind or pseudo_collate
    return DataLoader(dataset, batch_sampler=batches, collate_fn=collate, num_workers=peers.num_workers)
