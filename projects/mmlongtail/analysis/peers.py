"""Trained experts that see the same images: what they make of the test set, and how far they are apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import FUNCTIONS
from mmpretrain.registry import DATASETS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmlongtail.datasets.wrappers import innermost
from mmlongtail.evaluation.functional import class_means
from mmlongtail.models.losses.peers.pairwise_kl import pairwise_kl
from mmlongtail.structures import ClassStatistics, image_labels

from .embedding import choose_images
from .sources import read_checkpoint
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
    models: Sequence[BaseModel]
    statistics: ClassStatistics
    num_workers: int = 0

    @torch.no_grad()
    def log_probs(self, inputs: Tensor) -> Tensor:
        """Logarithms of the experts' test scores of normalized images (B, C, H, W): (E, B, K) float64 on the CPU.

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
        ValueError: If a checkpoint does not fit, or models differ in class counts or in how images are normalized.
    """
    cfgs = [read_config(config, options) for config, _ in files]
    known = [read_checkpoint(checkpoint)[0] for _, checkpoint in files]
    models = [load_model(cfg, checkpoint).to(device) for cfg, (_, checkpoint) in zip(cfgs, files)]
    for (_, checkpoint), statistics, model in zip(files, known, models):
        if not np.array_equal(statistics.class_counts, known[0].class_counts):
            raise ValueError(f'{checkpoint} and {files[0][1]} differ in class_counts: nothing to compare')
        if _normalization(model) != _normalization(models[0]):
            raise ValueError(
                f'{checkpoint} and {files[0][1]} differ in how their data_preprocessor normalizes images, expected '
                'models that can share them'
            )
        model.data_preprocessor.batch_augments = None  # an image that is mixed has no class
        statistics.hand_to(model.modules())
    return Peers(cfgs[0], models, known[0], num_workers)


def score_test_set(peers: Peers, ensemble: bool = False) -> dict[str, np.ndarray]:
    """How likely the hardest negative is on each test image, and the share of right answers of each class.

    Source: NCL++ (Tan et al., 2023), Figs. 11 (a) and 8.

    Args:
        peers: The experts.
        ensemble: Score the mean of the experts' logits, in place of each expert.

    Returns:
        ``hardest_negative``, the probability of the likeliest class but the label, (N,), or of all experts, (E N,);
        ``accuracy`` in percent, (K,), the mean of the experts', NaN for a class without test images.
    """
    classes, batches = read_test_images(peers)
    unseen, hardest, hits = torch.as_tensor(classes), [], []
    for inputs in batches:
        log_probs = peers.log_probs(inputs)  # (E, B, K)
        labels, unseen = unseen[: len(inputs)], unseen[len(inputs) :]
        if ensemble:
            log_probs = log_probs.mean(0, keepdim=True).log_softmax(dim=-1)
        own = nn.functional.one_hot(labels, log_probs.size(-1)).bool()
        hardest.append(log_probs.masked_fill(own, -torch.inf).amax(dim=-1).exp())
        hits.append((log_probs.argmax(dim=-1) == labels).double().mean(dim=0))
    accuracy = class_means(100 * torch.cat(hits).numpy(), classes, len(peers.statistics.class_counts))
    return dict(hardest_negative=torch.cat(hardest, dim=1).flatten().numpy(), accuracy=accuracy)


def class_divergences(
    peers: Peers,
    part: str = 'test',
    copies: int = 4,
    per_class: int | None = None,
    seed: int = 0,
    balanced: bool = False,
) -> dict[str, np.ndarray]:
    """Mean KL divergence of each class, between experts and between copies of an image, (K,) in nats.

    Source: NCL++ (Tan et al., 2023), Figs. 2 (a) and 9, of the whole test set. The divergence is the mean over all
    ordered pairs, of experts on the same copy (and over the copies) or of copies with the same expert (and over the
    experts). The augmentation draws from the global generators, which the caller seeds.

    Args:
        peers: The experts.
        part: The images: 'test' or 'train'; those of the test set go through the training's augmentation.
        copies: Augmented copies T of each image.
        per_class: Images of a class at most; all unless given.
        seed: Of the choice of images, where not all are taken.
        balanced: Weight the probabilities by the classes' training images, as the losses do (eq. 2).

    Returns:
        ``experts`` if there are several, ``copies`` if there are several; NaN for a class without images.

    Raises:
        ValueError: For fewer than one copy or image of a class, or images of several classes.
    """
    if copies < 1:
        raise ValueError(f'copies is {copies}, expected a number of augmented copies >= 1')
    counts = torch.as_tensor(peers.statistics.class_counts)
    dataset = augmented_dataset(peers.cfg, part)
    labels = single_labels(dataset)
    images = np.arange(len(labels))
    if per_class is not None:
        images, labels = choose_images(image_labels(dataset), np.unique(labels).tolist(), per_class, seed)
    found: dict[str, list[Tensor]] = {}
    for views in augmented_copies(peers, part, dataset, images.tolist(), copies):  # (T, B, C, H, W)
        log_probs = torch.stack([peers.log_probs(view) for view in views], dim=1)  # (E, T, B, K)
        if balanced:  # classes without images have probability 0
            log_probs = (log_probs + counts.log())[..., counts > 0].log_softmax(dim=-1)
        for name, values in mean_divergences(log_probs).items():
            found.setdefault(name, []).append(values)
    return {
        name: class_means(torch.cat(values).numpy(), labels, len(counts)) for name, values in found.items()
    }


def mean_divergences(log_probs: Tensor) -> dict[str, Tensor]:
    """Mean KL divergence of each image, (B,), between ``experts`` and between ``copies``, where there are several.

    Args:
        log_probs: Log-probabilities of E experts on T copies, (E, T, B, K).
    """
    peers = dict(experts=log_probs, copies=log_probs.transpose(0, 1))
    return {
        name: pairwise_kl(part).mean(dim=0) / (len(part) * (len(part) - 1))
        for name, part in peers.items()
        if len(part) > 1
    }


def read_test_images(peers: Peers) -> tuple[np.ndarray, Iterator[Tensor]]:
    """Class of each test image, (N,), and the normalized images, (B, C, H, W) at a time.

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


def _expert_scores(sample) -> Tensor:
    """Scores of each expert, (E, K)."""
    return sample.expert_scores if 'expert_scores' in sample else sample.pred_score[None]


def _normalization(model: BaseModel) -> tuple:
    """What the model's preprocessor does to every image."""
    preprocessor = model.data_preprocessor
    mean, std = (getattr(preprocessor, name, torch.empty(0)).flatten().tolist() for name in ('mean', 'std'))
    return mean, std, getattr(preprocessor, 'to_rgb', None)
