"""Train on features that are computed once, where everything below a module is frozen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch
from mmengine.dist import barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmpretrain.registry import HOOKS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmlongtail.datasets.draws import DrawDataset, random_scope
from mmlongtail.datasets.feature_store import GIB, STORAGES, FeatureFile, FeatureStore, feature_bytes
from mmlongtail.datasets.fingerprints import fingerprint
from mmlongtail.datasets.wrappers import CachedFeatures, ResampledDataset
from mmlongtail.datasets.wrappers.cached_features import image_marks, pipelines, view_seed
from mmlongtail.models.data_preprocessors.cached_inputs import accept_features
from mmlongtail.models.frozen_trunk import FrozenTrunk, evaluated
from mmlongtail.structures import checks

from ..feature_building import TrunkPass
from ..start_checks import StartError
from .freeze_hook import FreezeHook
from .tau_normalization_hook import bare_model

WRAPPERS = (DrawDataset, ResampledDataset)
LABEL_SETTINGS = ('num_classes', 'to_onehot', 'takes_features', 'batch_augments')  # of a data preprocessor
TOLERANCES = dict(float32=1e-3, float16=0.05, bfloat16=0.2)  # of outputs' deviations from their mean


@HOOKS.register_module()
class FrozenTrunkHook(Hook):
    """Compute what a frozen trunk gives once per image and view, keep it on disk, and train and test on that.

    It serves any method whose model is frozen below a module: a linear classifier or branches on a frozen backbone, or
    last stages on a frozen trunk. In training each image has V views, drawn by its data pipeline with seeds of their
    own; a draw takes one of them. Validation and test images have one. Nothing else of a config changes::

        default_hooks = dict(frozen_trunk=dict(type='FrozenTrunkHook', until='backbone.layer4', views=8))

    The features are shared by runs of any method, seed and head: they are found by the weights and settings of the
    trunk and the data preprocessor, the data pipeline, and the images' paths, sizes and times of change. A run that
    builds them can be cut off and goes on later. At the start of each run a batch is computed in both ways, and the
    run ends if the model's outputs differ. A test with test-time augmentation uses images as ever.

    Args:
        until: Name of the first module that learns, such as ``backbone.layer4``, ``neck`` or ``head``.
        views: Number V of random views of a training image.
        folder: Where features are kept.
        storage: ``float16``, ``bfloat16`` or ``float32``.
        limit_gb: GiB that the folder may have; the features that were not used for the longest time are removed.
        batch_size: Images of a batch when features are computed.
        num_workers: Processes that read images then.

    Raises:
        StartError: If there is no such module, something before it is trained or random in training, images are mixed
            or used by other parts of the model, or the outputs differ.
        DiskFullError: If the disk has not enough space.
    """

    priority = 'LOW'  # after what freezes, and before the checks of a run that is about to start

    def __init__(
        self,
        until: str,
        views: int = 8,
        folder: str = 'data/features',
        storage: str = 'float16',
        limit_gb: float | None = 50,
        batch_size: int = 16,
        num_workers: int = 0,
    ) -> None:
        self.until, self.views = checks.text('until', until), checks.whole('views', views)
        self.storage = checks.choice('storage', storage, STORAGES)
        limit = checks.number('limit_gb', limit_gb, above=0, optional=True)
        self.store = FeatureStore(checks.text('folder', folder), limit and limit * GIB)
        self.batch_size = checks.whole('batch_size', batch_size)
        self.num_workers = checks.whole('num_workers', num_workers, at_least=0)
        self._trunk: FrozenTrunk | None = None
        self._served: list[DataLoader] = []

    def before_train(self, runner) -> None:
        """Serve the training and the validation."""
        self._serve(runner, runner.train_dataloader, training=True)
        if runner.val_loop is not None:
            self._serve(runner, runner.val_dataloader)

    def before_val(self, runner) -> None:
        """Serve a validation without training."""
        self._serve(runner, runner.val_dataloader)

    def before_test(self, runner) -> None:
        """Serve a test."""
        self._serve(runner, runner.test_dataloader)

    def _serve(self, runner, loader: DataLoader, training: bool = False) -> None:
        model = bare_model(runner.model)
        if any(loader is served for served in self._served):
            return
        if isinstance(model, BaseTTAModel):
            runner.logger.info('test-time augmentation: images are used, no cached features')
            return
        try:
            self._refuse_others(model, training)
            CachedLoader(self, runner, model, loader, training).serve()
        except ValueError as error:
            raise StartError(f'frozen_trunk: {error}') from error
        self._served.append(loader)

    @staticmethod
    def _refuse_others(model: nn.Module, training: bool) -> None:
        """Refuse what needs the images themselves in training."""
        if not training:
            return
        if getattr(model.data_preprocessor, 'batch_augments', None) is not None:
            raise ValueError(
                'batch_augments mix images (mixup, CutMix), and features of mixed images are not mixed features; '
                'expected a config without them'
            )
        for part in ('teachers', 'contrast'):
            if getattr(model, part, None) is not None:
                raise ValueError(
                    f'{type(model).__name__}.{part} sees images itself, expected a model without it'
                )


class CachedLoader:
    """One loader of a run whose data set is about to give features.

    Args:
        hook: Its settings, and the trunk once it is known.
        runner: The run.
        model: Its model, not wrapped.
        loader: The loader.
        training: Whether it is of the training.
    """

    def __init__(
        self, hook: FrozenTrunkHook, runner, model: nn.Module, loader: DataLoader, training: bool
    ) -> None:
        self.hook, self.runner, self.model, self.loader, self.training = hook, runner, model, loader, training
        self.parent, self.dataset = None, loader.dataset
        while isinstance(self.dataset, WRAPPERS):
            self.parent, self.dataset = self.dataset, self.dataset.dataset
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()
        views = hook.views if training else 1
        self.mirrored = training and getattr(model, 'flip_views', False)
        self.work = TrunkPass(self.dataset, views, loader.collate_fn, self._features, hook.batch_size)

    def serve(self) -> None:
        """Find or build the features, put them in the place of the images, and compare."""
        hook = self.hook
        trunk = hook._trunk or FrozenTrunk(self.model, hook.until)
        first = self.work.batch(range(min(hook.batch_size, len(self.work.items))))
        images = self._inputs(first)
        hook._trunk, known = trunk, trunk.modules
        traced = trunk.trace(images)
        if self.training:
            self._check_frozen(trunk)
        direct = (traced, self._logits(images), _labels(first))
        views_of_model = len(traced) // len(direct[2])
        file = self._file((views_of_model, *traced.shape[1:]))
        if not known:
            trunk.install()
            accept_features(self.model.data_preprocessor)
        cached = CachedFeatures(self.dataset, file)
        self._compare(direct, cached)
        self._replace(cached)

    def _replace(self, cached: CachedFeatures) -> None:
        if self.parent is not None:
            self.parent.dataset = cached
        else:
            self.loader.__dict__['dataset'] = (
                cached  # torch lets nobody set it, but has made nothing of it yet
            )
        if self.mirrored:
            self.model.flip_views = False  # the features are of both already

    def _inputs(self, batch: dict) -> Tensor:
        """What the model makes of a batch of images (or features) first: normalised, in all views."""
        with random_scope(view_seed(0)):
            return self._prepared(batch)

    def _prepared(self, batch: dict) -> Tensor:
        batch = dict(batch, data_samples=[sample.clone() for sample in batch['data_samples']])
        inputs = self.model.data_preprocessor(batch, self.training)['inputs']
        return torch.cat([inputs, inputs.flip(-1)]) if self.mirrored and 'cached' not in batch else inputs

    def _features(self, batch: dict) -> Tensor:
        return self.hook._trunk.features(self._prepared(batch))

    @torch.no_grad()
    def _logits(self, inputs: Tensor) -> list[Tensor]:
        with evaluated(self.model):
            outputs = self.model(inputs, mode='tensor')
        return [outputs] if isinstance(outputs, Tensor) else list(outputs)

    def _check_frozen(self, trunk: FrozenTrunk) -> None:
        modes = {module: module.training for module in self.model.modules()}
        self.model.train()
        for hook in self.runner.hooks:
            if isinstance(hook, FreezeHook):
                hook.before_train_iter(self.runner, 0)
        trunk.check_frozen()
        for module, mode in modes.items():
            module.training = mode

    def _file(self, shape: tuple[int, ...]) -> FeatureFile:
        """The features, built where they are missing."""
        store, key, main = self.hook.store, self._key(), is_main_process()
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
        """Take the disk space, unless another run has, and say how much."""
        if file.exists:
            return
        storage, views, images = self.hook.storage, self.work.items.views, len(self.dataset)
        size = feature_bytes(views, images, shape, storage)
        self.runner.logger.info(
            f'{file.folder}: {size / 2**20:.1f} MiB of features for {views} x {images} images, each {shape}'
        )
        self.hook.store.make_room(size, key)
        file.allocate(views, images, shape, storage, self.work.chunk, dict(until=self.hook.until))

    def _build(self, file: FeatureFile) -> None:
        """Compute what is missing, each process its share."""
        start, missing = time.perf_counter(), len(file.missing())
        if missing:
            self.work.fill(file, self.hook.num_workers, self._asked)
        barrier()
        if missing:
            self.runner.logger.info(f'features of {missing} batches in {time.perf_counter() - start:.1f} s')

    def _asked(self) -> int:
        interrupts = getattr(self.runner.train_loop, '_interrupts', None) if self.training else None
        return interrupts.signum if interrupts else 0

    def _key(self) -> str:
        hook, preprocessor = self.hook, self.model.data_preprocessor
        normalising = {
            name: value
            for name, value in (vars(preprocessor) | preprocessor._buffers | preprocessor._modules).items()
            if not name.startswith('_') and name not in (*LABEL_SETTINGS, 'training', 'forward')
        }
        trunk = list(hook._trunk.modules.items())
        batch_size = hook.batch_size if len(getattr(preprocessor, 'augments', ())) else None
        settings = (hook.storage, batch_size, self.work.items.views, self.mirrored, self.training)
        return fingerprint(
            hook.until, trunk, normalising, pipelines(self.dataset), image_marks(self.dataset), settings
        )

    def _compare(self, direct: tuple, cached: CachedFeatures) -> None:
        """Refuse features, logits or labels that differ between the two ways.

        Raises:
            ValueError: If they do.
        """
        rows = [divmod(row, len(self.dataset)) for row in range(len(direct[2]))]
        batch = self.loader.collate_fn([cached.item(view, image) for view, image in rows])
        inputs, tolerance = self._inputs(batch), TOLERANCES[self.hook.storage]
        if not _close(inputs, direct[0], tolerance):
            raise ValueError(
                f'{cached.features.folder} holds other features than the model computes now: remove this folder'
            )
        if not self._same_logits(inputs, direct[1], tolerance):
            raise ValueError(
                f'until is {self.hook.until!r}, but the model does more before it than its modules '
                f'{list(self.hook._trunk.modules)}: its outputs from cached features differ; expected a later module, '
                'such as neck or head'
            )
        if _labels(batch) != direct[2]:
            raise ValueError('the data pipeline changes labels, which cached features cannot follow')

    def _same_logits(self, inputs: Tensor, expected: list[Tensor], tolerance: float) -> bool:
        try:
            logits = self._logits(inputs)
        except (RuntimeError, TypeError, ValueError):  # such as of tensors that do not fit together
            return False
        return all(map(_close, logits, expected, [tolerance] * len(expected)))


def _labels(batch: dict) -> list:
    names = ('gt_label', 'gt_score')
    return [[s.get(n).tolist() for n in names if n in s] for s in batch['data_samples']]


def _close(value: Tensor, expected: Tensor, tolerance: float) -> bool:
    """Whether two outputs differ by less than the second one's rows do."""
    if value.shape != expected.shape:
        return False
    value, expected = value.double(), expected.double()
    allowed = tolerance * (expected - expected.mean(0)).norm() + 1e-4 * expected.norm()
    return bool((value - expected).norm() <= allowed)
