"""A data loader of a run that gives features instead of images."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import torch
from mmengine.dist import barrier, is_main_process
from torch import Tensor
from torch.utils.data import DataLoader

from mmlongtail.datasets.draws import random_scope
from mmlongtail.datasets.feature_file import FeatureFile, feature_bytes
from mmlongtail.datasets.feature_store import FeatureStore
from mmlongtail.datasets.fingerprints import fingerprint
from mmlongtail.datasets.wrappers import CachedFeatures, DrawDataset, ResampledDataset
from mmlongtail.datasets.wrappers.cached_features import image_marks, pipelines, view_seed
from mmlongtail.models.data_preprocessors.cached_inputs import accept_features, image_settings
from mmlongtail.models.frozen_trunk import FrozenTrunk, evaluated

from .feature_building import TrunkPass

WRAPPERS = (DrawDataset, ResampledDataset)
TOLERANCES = dict(float32=1e-3, float16=0.05, bfloat16=0.2)  # of images' deviations from their mean


@dataclass(frozen=True)
class CacheSettings:
    """What is cached and how: the arguments of ``FrozenTrunkHook``."""

    until: str
    views: int
    store: FeatureStore
    storage: str
    batch_size: int
    num_workers: int


class CachedLoader:
    """One loader of a run, whose data set gives features from :meth:`serve` on.

    Args:
        settings: What is cached.
        trunk: Of the run's model.
        runner: The run.
        loader: The loader.
        training: Whether it is of the training.
    """

    def __init__(
        self, settings: CacheSettings, trunk: FrozenTrunk, runner, loader: DataLoader, training: bool
    ) -> None:
        self.settings, self.trunk, self.model = settings, trunk, trunk.model
        self.runner, self.loader, self.training = runner, loader, training
        self.parent, self.dataset = None, loader.dataset
        while isinstance(self.dataset, WRAPPERS):
            self.parent, self.dataset = self.dataset, self.dataset.dataset
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()
        views = settings.views if training else 1
        self.work = TrunkPass(self.dataset, views, loader.collate_fn, self._features)
        self._first: tuple[dict, Tensor, Tensor] | None = None

    def trace(self) -> tuple[dict, Tensor, Tensor]:
        """The first batch of images, the model's inputs and the features of it; the trunk knows its modules then."""
        if self._first is None:
            batch = self.work.batch(range(min(self.settings.batch_size, len(self.work.items))))
            inputs = self._first_inputs(batch)
            self._first = batch, inputs, self.trunk.trace(inputs)
        return self._first

    def serve(self) -> None:
        """Find or build the features, compare the two ways, and put them in the place of the images."""
        batch, inputs, features = self.trace()
        logits, labels = self._logits(inputs), labels_of(batch)
        file = self._file((len(features) // len(labels), *features.shape[1:]))
        self.trunk.install()
        accept_features(self.model.data_preprocessor)
        cached = CachedFeatures(self.dataset, file)
        self._compare(cached, features, logits, labels)
        if self.parent is not None:
            self.parent.dataset = cached
        else:
            self.loader.__dict__['dataset'] = (
                cached  # torch lets nobody set it, but has made nothing of it yet
            )

    def _first_inputs(self, batch: dict) -> Tensor:
        """The model's inputs of the first chunk, random as when it is built."""
        with random_scope(view_seed(0)):
            return self._inputs(batch)

    def _inputs(self, batch: dict) -> Tensor:
        batch = dict(batch, data_samples=[sample.clone() for sample in batch['data_samples']])
        return self.model.data_preprocessor(batch, self.training)['inputs']

    def _features(self, batch: dict) -> Tensor:
        return self.trunk.features(self._inputs(batch))

    @torch.no_grad()
    def _logits(self, inputs: Tensor) -> list[Tensor]:
        with evaluated(self.model):
            outputs = self.model(inputs, mode='tensor')
        return [outputs] if isinstance(outputs, Tensor) else list(outputs)

    def _key(self) -> str:
        settings, preprocessor = self.settings, self.model.data_preprocessor
        chunk = settings.batch_size if len(getattr(preprocessor, 'augments', ())) else None
        return fingerprint(
            (settings.until, list(self.trunk.modules.items())),
            (image_settings(preprocessor), self.training, chunk),
            (pipelines(self.dataset), image_marks(self.dataset)),
            (settings.storage, self.work.items.views),
        )

    def _file(self, shape: tuple[int, ...]) -> FeatureFile:
        """The features, built where they are missing."""
        store, key, main = self.settings.store, self._key(), is_main_process()
        file, lock = store[key], store.hold(key) if main else None
        if main and not file.is_complete:
            store.only(lock)
            self._allocate(file, key, shape)
        barrier()
        self._build(file.load())
        if main:
            os.utime(file.folder / 'entry.json')
            store.share(lock)
        return file

    def _allocate(self, file: FeatureFile, key: str, shape: tuple[int, ...]) -> None:
        """Say how much disk space is needed and take it, unless another run has."""
        if file.exists:
            return
        storage, views, images = self.settings.storage, self.work.items.views, len(self.dataset)
        size = feature_bytes(views, images, shape, storage)
        self.runner.logger.info(
            f'{file.folder}: {size / 2**20:.1f} MiB of features for {views} x {images} images, each {shape}'
        )
        self.settings.store.make_room(size, key)
        about = dict(until=self.settings.until)
        file.allocate(views, images, shape, storage, self.settings.batch_size, about)

    def _build(self, file: FeatureFile) -> None:
        """Compute what is missing, each process its share."""
        start, missing = time.perf_counter(), len(file.missing())
        if missing:
            self.work.fill(file, self.settings.num_workers, self._asked)
        barrier()
        if missing:
            self.runner.logger.info(f'features of {missing} batches in {time.perf_counter() - start:.1f} s')

    def _asked(self) -> int:
        """The signal that a training was sent while it builds features."""
        interrupts = getattr(self.runner.train_loop, '_interrupts', None) if self.training else None
        return interrupts.signum if interrupts else 0

    def _compare(self, cached: CachedFeatures, features: Tensor, logits: list[Tensor], labels: list) -> None:
        """Refuse what differs between images and features.

        Raises:
            ValueError: If features, the model's outputs or labels do.
        """
        rows = [divmod(row, len(self.dataset)) for row in range(len(labels))]
        batch = self.loader.collate_fn([cached.item(view, image) for view, image in rows])
        inputs, tolerance = self._first_inputs(batch), TOLERANCES[self.settings.storage]
        if not close(inputs.flatten(1), features.flatten(1), tolerance):
            raise ValueError(
                f'{cached.features.folder} holds other features than the model computes now: remove this folder'
            )
        if not self._gives(inputs, logits, tolerance):
            raise ValueError(
                f'until is {self.settings.until!r}, but the model does more before it than its modules '
                f'{list(self.trunk.modules)}: its outputs from cached features differ; expected a later module, '
                'such as neck or head'
            )
        if labels_of(batch) != labels:
            raise ValueError('the data pipeline changes labels, which cached features cannot follow')

    def _gives(self, inputs: Tensor, expected: list[Tensor], tolerance: float) -> bool:
        try:
            logits = self._logits(inputs)
        except (RuntimeError, TypeError, ValueError):  # such as of tensors that do not fit together
            return False
        return all(map(close, logits, expected, [tolerance] * len(expected)))


def labels_of(batch: dict) -> list:
    """Labels of a batch's samples."""
    names = ('gt_label', 'gt_score')
    return [[s.get(name).tolist() for name in names if name in s] for s in batch['data_samples']]


def close(value: Tensor, expected: Tensor, tolerance: float) -> bool:
    """Whether two outputs ``(..., images, values)`` differ by a small part of what the second one's images do."""
    if value.shape != expected.shape:
        return False
    value, expected = value.double(), expected.double()
    mean = expected.mean(-2, keepdim=True) if expected.size(-2) > 1 else torch.zeros(())
    allowed = tolerance * (expected - mean).norm() + 1e-4 * expected.norm()
    return bool((value - expected).norm() <= allowed)
