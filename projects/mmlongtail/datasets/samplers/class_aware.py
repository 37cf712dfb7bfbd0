"""Re-balanced sampling: all classes are drawn equally often."""

import math
import warnings

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from mmlongtail.structures import ClassStatistics, checks, image_labels

from .base import OrderSampler


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(OrderSampler):
    """Visits the classes in shuffled cycles and takes the next images of each class's own shuffled cycle.

    The low-variance form of "draw a class uniformly, then one of its images uniformly" from Shen et al. (ECCV 2016) as
    used by Wu et al. (DB loss, ECCV 2020) and Guo & Wang (CVPR 2021): an image is drawn with probability
    ``1/K sum_k y_k / n_k``. An epoch has ``max_k n_k * K // reduce`` draws.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        num_samples_cls: Images taken at each visit of a class.
        reduce: Divides the length of an epoch.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If a parameter is not positive, no class has an image, or ``reduce`` leaves no draws.
    """

    def __init__(self, dataset, num_samples_cls: int = 3, reduce: int = 4, seed: int | None = None) -> None:
        super().__init__(dataset, seed)
        self.num_samples_cls = checks.whole('num_samples_cls', num_samples_cls)
        checks.whole('reduce', reduce)
        statistics = ClassStatistics.from_dataset(dataset)
        counts = statistics.class_counts
        self._num_rows = int(counts.max()) * len(counts) // reduce
        if not counts.any() or not self._num_rows:
            raise ValueError(
                f'ClassAwareSampler has nothing to draw: the largest of {len(counts)} classes has '
                f'{counts.max()} images and reduce is {reduce}'
            )
        self._warn_of_empty(counts, statistics.classes)
        images, classes = image_labels(dataset)
        self._images = images[np.argsort(classes, kind='stable')]  # class by class
        self._counts = counts[counts > 0]  # (K',), the classes of a cycle

    @staticmethod
    def _warn_of_empty(counts: np.ndarray, names: tuple[str, ...]) -> None:
        empty = [names[k] for k in np.flatnonzero(counts == 0)]
        if empty:
            warnings.warn(
                f'ClassAwareSampler never draws classes without images: {", ".join(empty)}', stacklevel=3
            )

    @property
    def num_rows(self) -> int:
        return self._num_rows

    def order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch])
        size, num_classes = self.num_samples_cls, len(self._counts)
        cycles = math.ceil(self.num_rows / (size * num_classes))
        visited = rng.permuted(np.tile(np.arange(num_classes), (cycles, 1)), axis=1)  # (cycles, K')
        queue, first = self._queues(rng, cycles * size)
        # In cycle c every class takes images c * size ... of its own queue.
        place = first[visited] + np.arange(0, cycles * size, size)[:, None]  # (cycles, K')
        return queue[place[..., None] + np.arange(size)].ravel()[: self.num_rows]

    def _queues(self, rng: np.random.Generator, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Shuffled passes over each class's images, ``length`` or more per class; where each class begins, (K',)."""
        passes = -(-length // self._counts)  # (K',)
        owner = np.repeat(np.arange(len(passes)), passes)  # (P,), the class of each pass
        sizes = self._counts[owner]
        shift = (np.cumsum(self._counts) - self._counts)[owner] - (np.cumsum(sizes) - sizes)
        number = np.repeat(np.arange(len(owner)), sizes)  # (M,), the pass of each entry
        images = self._images[np.arange(len(number)) + shift[number]]
        shuffled = images[np.argsort(number + rng.random(len(number)))]  # stays within its pass
        lengths = passes * self._counts
        return shuffled, np.cumsum(lengths) - lengths
