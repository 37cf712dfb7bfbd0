"""How far the training is, for losses that change over the epochs."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from mmlongtail.structures import TakesProgress

from ..run_parts import check_counts_epochs


@HOOKS.register_module()
class TrainingProgressHook(Hook):
    """Call ``set_progress(epochs_done, max_epochs)`` of every :class:`TakesProgress` in the model before each epoch.

    ``epochs_done`` goes from 0 to ``max_epochs - 1``. It is the runner's own count, so a resumed run goes on rightly.

    Raises:
        ValueError: If a module asks for the progress of a training that counts iterations.
    """

    def before_train_epoch(self, runner) -> None:
        """Tell the modules."""
        receivers = [module for module in runner.model.modules() if isinstance(module, TakesProgress)]
        check_counts_epochs(runner, receivers)
        for module in receivers:
            module.set_progress(runner.epoch, runner.max_epochs)
