"""The one way of the class counts: train data set -> components -> checkpoint -> components."""

from __future__ import annotations

from itertools import chain

import numpy as np
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from mmlongtail.structures import ClassStatistics


@HOOKS.register_module()
class ClassStatisticsHook(Hook):
    """Give the class statistics of the run's train data set to every :class:`TakesClassStatistics`.

    Receivers are the modules of the model (heads and the ``counts`` of losses), the metrics of the validation and test
    evaluators and the other hooks; they are served before the first iteration. The statistics travel in the checkpoint
    under ``class_statistics``, so a run that only tests needs nothing but the checkpoint.
    """

    priority = 'VERY_HIGH'
    key = 'class_statistics'

    def __init__(self) -> None:
        self.statistics: ClassStatistics | None = None

    def before_train(self, runner) -> None:
        """Count the train data set; say so where a resumed run was counted on another one."""
        resumed, self.statistics = (
            self.statistics,
            ClassStatistics.from_dataset(runner.train_dataloader.dataset),
        )
        if runner.iter and resumed and not np.array_equal(resumed.class_counts, self.statistics.class_counts):
            runner.logger.warning(
                'The class counts of the train data set differ from those in the resumed checkpoint.'
            )
        self._hand_out(runner)

    def before_val(self, runner) -> None:
        """Serve the validation metrics."""
        self._hand_out(runner, runner.val_evaluator.metrics)

    def before_test(self, runner) -> None:
        """Serve the test metrics."""
        self._hand_out(runner, runner.test_evaluator.metrics)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Store the statistics as plain numbers."""
        if self.statistics is not None:
            checkpoint[self.key] = self.statistics.to_dict()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Take the statistics of the training that made the checkpoint."""
        if self.key in checkpoint:
            self.statistics = ClassStatistics.from_dict(checkpoint[self.key])

    def _hand_out(self, runner, metrics=()) -> None:
        if self.statistics is not None:
            self.statistics.hand_to(chain(runner.model.modules(), runner.hooks, metrics))
