"""Data sets that change from epoch to epoch."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from mmlongtail.datasets.wrappers import unwrap
from mmlongtail.structures import TakesEpoch

from ..run_parts import check_counts_epochs


@HOOKS.register_module()
class DatasetEpochHook(Hook):
    """Call ``set_epoch(epoch)`` of the train data set and of those wrapped in it before each epoch.

    MMEngine tells the epoch to samplers only. The data sets' ``seed`` is kept in the checkpoint, so that a resumed run
    goes on with the same draws also where nobody gave a seed.

    Raises:
        ValueError: If a data set asks for the epoch of a training that counts iterations.
    """

    key = 'dataset_seeds'

    def before_train(self, runner) -> None:
        """Give the data sets of a resumed run their seeds back."""
        receivers = list(self._receivers(runner.train_dataloader.dataset))
        check_counts_epochs(runner, receivers)
        seeded = [dataset for dataset in receivers if hasattr(dataset, 'seed')]
        kept = runner.message_hub.get_info(self.key) if runner.iter else None
        for dataset, seed in zip(seeded, kept or []):
            dataset.seed = seed
        runner.message_hub.update_info(self.key, [dataset.seed for dataset in seeded])

    def before_train_epoch(self, runner) -> None:
        """Tell the data sets; the loader starts only after this."""
        for dataset in self._receivers(runner.train_dataloader.dataset):
            dataset.set_epoch(runner.epoch)

    def _receivers(self, dataset) -> Iterator:
        for level in unwrap(dataset):
            if isinstance(level, TakesEpoch):
                yield level
            for part in getattr(level, 'datasets', ()):
                yield from self._receivers(part)
