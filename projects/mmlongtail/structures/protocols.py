"""What a component may have to be told during a run: whoever has the method is found and called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

    from .class_statistics import ClassStatistics


@runtime_checkable
class TakesClassStatistics(Protocol):
    """A module of the model, a metric or a hook that depends on the training set's class counts.

    ClassStatisticsHook calls it before the first training iteration, and before each validation and test.
    """

    def set_class_statistics(self, statistics: ClassStatistics) -> None:
        """Take what is known of the training set."""


@runtime_checkable
class TakesEpoch(Protocol):
    """A data set or sampler whose draws differ from epoch to epoch.

    DatasetEpochHook calls it for data sets and MMEngine's loop for samplers, before the loader of an epoch starts.
    """

    def set_epoch(self, epoch: int) -> None:
        """Take the number of the epoch that begins, from 0."""


@runtime_checkable
class TakesProgress(Protocol):
    """A module of the model, in most cases a loss, that changes over the epochs.

    TrainingProgressHook calls it before each training epoch.
    """

    def set_progress(self, epochs_done: int, max_epochs: int) -> None:
        """Take the number of epochs done, from 0 to ``max_epochs - 1``, and that of all epochs."""


@runtime_checkable
class TakesClassMeans(Protocol):
    """A head that classifies by the mean features of the classes.

    ClassMeanHook calls it before each validation and test.
    """

    def set_class_means(self, means: Tensor, known: Tensor) -> None:
        """Take the mean features (K, D), and which classes have one, (K,) bool."""
