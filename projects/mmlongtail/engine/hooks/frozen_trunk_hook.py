"""Train on features that are computed once, where everything below a module is frozen."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmpretrain.registry import HOOKS
from torch import nn
from torch.utils.data import DataLoader

from mmlongtail.datasets.feature_file import GIB, STORAGES
from mmlongtail.datasets.feature_store import FeatureStore
from mmlongtail.models.frozen_trunk import FrozenTrunk
from mmlongtail.structures import checks

from ..cached_loader import CachedLoader, CacheSettings
from ..start_checks import StartError
from .freeze_hook import FreezeHook
from .tau_normalization_hook import bare_model


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
        limit = checks.number('limit_gb', limit_gb, above=0, optional=True)
        self.settings = CacheSettings(
            until=checks.text('until', until),
            views=checks.whole('views', views),
            store=FeatureStore(checks.text('folder', folder), limit and limit * GIB),
            storage=checks.choice('storage', storage, STORAGES),
            batch_size=checks.whole('batch_size', batch_size),
            num_workers=checks.whole('num_workers', num_workers, at_least=0),
        )
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
        if any(
            isinstance(outer, BaseTTAModel) for outer in (runner.model, getattr(runner.model, 'module', None))
        ):
            runner.logger.info('test-time augmentation: images are used, no cached features')
            return
        try:
            self._trunk = self._trunk or FrozenTrunk(model, self.settings.until)
            cached = CachedLoader(self.settings, self._trunk, runner, loader, training)
            if training:
                refuse_readers(model)
                self._check_frozen(runner, cached)
            cached.serve()
        except ValueError as error:
            raise StartError(f'frozen_trunk: {error}') from error
        self._served.append(loader)

    def _check_frozen(self, runner, cached: CachedLoader) -> None:
        """Refuse a trunk that is not frozen when an iteration begins."""
        model = self._trunk.model
        cached.trace()
        modes = {module: module.training for module in model.modules()}
        model.train()
        for hook in runner.hooks:
            if isinstance(hook, FreezeHook):
                hook.before_train_iter(runner, 0)
        self._trunk.check_frozen()
        for module, mode in modes.items():
            module.training = mode


def refuse_readers(model: nn.Module) -> None:
    """Refuse a model of which more than the trunk needs the images themselves in training.

    Raises:
        ValueError: If it mixes them, or a teacher or a key encoder sees them.
    """
    if getattr(model.data_preprocessor, 'batch_augments', None) is not None:
        raise ValueError(
            'batch_augments mix images (mixup, CutMix), and features of mixed images are not mixed features; '
            'expected a config without them'
        )
    for part in ('teachers', 'contrast'):
        if getattr(model, part, None) is not None:
            raise ValueError(f'{type(model).__name__}.{part} sees images itself, expected a model without it')
