"""A part of any single-label set: made long-tailed, or a share of each class."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from mmpretrain.registry import DATASETS

from mmlongtail.structures import ClassStatistics, checks

from ..imbalance import draw_images, imbalanced_counts
from .base import DatasetWrapper


class DrawnSubset(DatasetWrapper):
    """Base of the parts of a data set that keep a number of images of each class.

    The classes keep their order. The images come class after class, as drawn.

    Args:
        dataset: The whole single-label data set or its config.
        seed: Seed of the draw, the same in every run whatever the run's own.

    Raises:
        ValueError: If an image does not have exactly one class, or a class has fewer images than the draw needs.
    """

    def __init__(self, dataset: dict, seed: int = 0) -> None:
        checks.whole('seed', seed, at_least=0, below=2**32)
        super().__init__(dataset)
        statistics = ClassStatistics.from_dataset(self.dataset)
        images, labels = statistics.labels
        if not np.array_equal(images, np.arange(statistics.num_images)):
            raise ValueError(
                f'{type(self.dataset).__name__} has images with no class or several, {type(self).__name__} expects '
                'one each; tools/data/make_long_tail.py makes a long-tailed part of a multi-label set'
            )
        targets = self.targets(statistics)
        self.indices = draw_images(labels, targets, statistics.classes, seed).tolist()

    @abstractmethod
    def targets(self, statistics: ClassStatistics) -> np.ndarray:
        """Images to keep of each class, (K,), by those that there are."""


@DATASETS.register_module()
class LongTailSubset(DrawnSubset):
    """A long-tailed part of a data set, drawn as the long-tail papers draw CIFAR-LT.

    The first class is the largest.

    Args:
        dataset: As in :class:`DrawnSubset`.
        imbalance_factor: Ratio of the largest to the smallest class.
        imbalance_type: 'exp' or 'step', see :func:`imbalanced_counts`.
        max_count: Images of the largest class; None takes as many as the smallest class of the whole set has, so
            that there are always enough.
        seed: As in :class:`DrawnSubset`.

    Raises:
        ValueError: If the factor or the type is out of range, and as :class:`DrawnSubset`.
    """

    def __init__(
        self,
        dataset: dict,
        imbalance_factor: float = 100,
        imbalance_type: str = 'exp',
        max_count: int | None = None,
        seed: int = 0,
    ) -> None:
        self.imbalance_factor, self.imbalance_type, self.max_count = (
            imbalance_factor,
            imbalance_type,
            max_count,
        )
        super().__init__(dataset, seed)

    def targets(self, statistics: ClassStatistics) -> np.ndarray:
        largest = int(statistics.class_counts.min()) if self.max_count is None else self.max_count
        return imbalanced_counts(len(statistics.classes), largest, self.imbalance_factor, self.imbalance_type)


@DATASETS.register_module()
class ShareSubset(DrawnSubset):
    """A share of each class of a data set, so that a long tail stays one.

    Source: the data ratios of NCL++ (Tan et al., 2023), Table 9, which does not say how they are drawn. A class with n
    images keeps ``round(share n)`` of them, at least one, where it has any.

    Args:
        dataset: As in :class:`DrawnSubset`.
        share: In (0, 1].
        seed: As in :class:`DrawnSubset`.

    Raises:
        ValueError: For a share outside (0, 1], or an image that does not have exactly one class.
    """

    def __init__(self, dataset: dict, share: float, seed: int = 0) -> None:
        self.share = checks.number('share', share, above=0, at_most=1)
        super().__init__(dataset, seed)

    def targets(self, statistics: ClassStatistics) -> np.ndarray:
        counts = np.asarray(statistics.class_counts)
        return np.minimum(np.maximum(np.round(self.share * counts).astype(int), 1), counts)
