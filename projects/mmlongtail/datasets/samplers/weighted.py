"""Sampling by weight: every image has a probability, and an epoch is drawn with replacement."""

from __future__ import annotations

import warnings
from abc import abstractmethod

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from mmlongtail.structures import ClassStatistics, checks

from ..text_file import some_of
from .base import OrderSampler


class WeightedSampler(OrderSampler):
    """Draws as many images as the data set has, independently and with replacement.

    Raises:
        ValueError: If the data set is empty.
    """

    def __init__(self, dataset, seed: int | None = None) -> None:
        super().__init__(dataset, seed)
        if not len(dataset):
            raise ValueError(f'{type(self).__name__} has nothing to draw: the data set has no image')

    @abstractmethod
    def probabilities(self, epoch: int) -> np.ndarray:
        """The probability of each image in each draw of an epoch, (N,), with the sum 1."""

    @property
    def num_rows(self) -> int:
        return len(self.dataset)

    def order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch])
        cumulative = np.cumsum(self.probabilities(epoch))
        cumulative /= cumulative[-1]
        numbers = rng.random(self.num_rows)
        numbers.view(
            np.int64
        ).sort()  # they are looked up 8 times as fast as in random order; ints sort faster
        order = np.searchsorted(cumulative, numbers, side='right')
        rng.shuffle(order)
        return order


@DATA_SAMPLERS.register_module()
class InstanceBalancedSampler(WeightedSampler):
    """Draws all images with the same probability.

    Source: Kang et al., Decoupling Representation and Classifier, ICLR 2020, eq. 1 with q = 1; with replacement, unlike
    :class:`UniformSampler`.
    """

    def probabilities(self, epoch: int) -> np.ndarray:
        return np.full(len(self.dataset), 1 / len(self.dataset))


class ClassWeightedSampler(WeightedSampler):
    """Draws an image with a probability in proportion to the weight of its class.

    Of several classes the image takes the mean weight or the largest one; an image without any is never drawn.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        multi_label: How an image of several classes gets its weight: ``'mean'`` or ``'max'``.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If ``multi_label`` is neither of the two or no class has an image.
    """

    def __init__(self, dataset, multi_label: str = 'mean', seed: int | None = None) -> None:
        super().__init__(dataset, seed)
        self.multi_label = checks.choice('multi_label', multi_label, ('mean', 'max'))
        statistics = ClassStatistics.from_dataset(dataset)
        present = statistics.class_counts > 0
        if not present.any():
            raise ValueError(
                f'{type(self).__name__} has nothing to draw: none of {len(present)} classes has an image'
            )
        if not present.all():
            empty = [str(statistics.classes[k]) for k in np.flatnonzero(~present)]
            warnings.warn(
                f'{type(self).__name__} never draws classes without images: {some_of(empty)}', stacklevel=2
            )
        class_weights = np.zeros(len(present))
        class_weights[present] = self.class_weights(statistics.class_counts[present])
        weights = self._image_weights(class_weights, *statistics.labels)  # type: ignore[misc]  # counted: not None
        self._probabilities = weights / weights.sum()

    @abstractmethod
    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        """The weight of one image of each class, (K,); every count is at least 1."""

    def _image_weights(
        self, class_weights: np.ndarray, images: np.ndarray, classes: np.ndarray
    ) -> np.ndarray:
        if self.multi_label == 'max':
            weights = np.zeros(len(self.dataset))
            np.maximum.at(weights, images, class_weights[classes])
            return weights
        sums = np.bincount(images, class_weights[classes], minlength=len(self.dataset))
        return sums / np.maximum(np.bincount(images, minlength=len(self.dataset)), 1)

    def probabilities(self, epoch: int) -> np.ndarray:
        return self._probabilities


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(ClassWeightedSampler):
    """Draws all classes with the same probability: an image's weight is ``1 / n_k``.

    Source: Kang et al., ICLR 2020, eq. 1 with q = 0. :class:`ClassAwareSampler` is its low-variance form in cycles.
    """

    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        return 1 / class_counts


@DATA_SAMPLERS.register_module()
class ReversedSampler(ClassWeightedSampler):
    """Draws a class with a probability in proportion to ``1 / n_k``, so an image's weight is ``1 / n_k^2``.

    Source: Zhou et al., BBN, CVPR 2020, section 4, the sampler of the re-balancing branch.
    """

    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        return 1 / class_counts**2.0


@DATA_SAMPLERS.register_module()
class SquareRootSampler(ClassWeightedSampler):
    """Draws a class with a probability in proportion to ``sqrt(n_k)``: an image's weight is ``1 / sqrt(n_k)``.

    Source: Kang et al., ICLR 2020, eq. 1 with q = 1/2.
    """

    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        return 1 / np.sqrt(class_counts)


@DATA_SAMPLERS.register_module()
class ProgressivelyBalancedSampler(ClassBalancedSampler):
    """Goes from instance-balanced to class-balanced sampling: ``p = (1 - t/T) p_IB + t/T p_CB`` in epoch t = 0, 1, ...

    Source: Kang et al., ICLR 2020, eq. 2.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        num_epochs: T, the epochs of the training; from epoch T on the sampling is class-balanced.
        multi_label: How an image of several classes gets its weight: ``'mean'`` or ``'max'``.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If ``num_epochs`` is less than 1.
    """

    def __init__(self, dataset, num_epochs: int, multi_label: str = 'mean', seed: int | None = None) -> None:
        super().__init__(dataset, multi_label, seed)
        self.num_epochs = checks.whole('num_epochs', num_epochs)

    def probabilities(self, epoch: int) -> np.ndarray:
        share = min(epoch / self.num_epochs, 1)
        return (1 - share) / len(self.dataset) + share * self._probabilities
