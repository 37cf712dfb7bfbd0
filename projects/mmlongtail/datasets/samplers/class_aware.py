"""Re-balanced sampling: all classes are drawn equally often."""

import math
import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from mmlongtail.structures import ClassStatistics, checks

from .base import OrderSampler

BLOCK = 1 << 18  # entries of queues that are shuffled at a time
MANY_PASSES = 10


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(OrderSampler):
    """Visits the classes in shuffled cycles and takes the next images of each class's own shuffled cycle.

    The low-variance form of "draw a class uniformly, then one of its images uniformly" from Shen et al. (ECCV 2016) as
    used by Wu et al. (DB loss, ECCV 2020) and Guo & Wang (CVPR 2021): an image is drawn with probability
    ``1/K sum_k y_k / n_k``. An epoch has ``max_k n_k * K // reduce`` draws; where these are more than ten passes over
    the data, there is a warning.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        num_samples_cls: Images taken at each visit of a class.
        reduce: Divides the length of an epoch; ``'auto'`` for as many draws as there are images, or fewer.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If a parameter is not positive, no class has an image, or ``reduce`` leaves no draws.
    """

    def __init__(
        self, dataset, num_samples_cls: int = 3, reduce: int | Literal['auto'] = 4, seed: int | None = None
    ) -> None:
        super().__init__(dataset, seed)
        self.num_samples_cls = checks.whole('num_samples_cls', num_samples_cls)
        if reduce != 'auto':
            checks.whole('reduce', reduce)
        statistics = ClassStatistics.from_dataset(dataset)
        counts = statistics.class_counts
        balanced = int(counts.max()) * len(counts)
        self._num_rows = min(balanced, len(dataset)) if reduce == 'auto' else balanced // reduce
        if not counts.any() or not self._num_rows:
            raise ValueError(
                f'ClassAwareSampler has nothing to draw: the largest of {len(counts)} classes has '
                f'{counts.max()} images and reduce is {reduce}'
            )
        self._warn_of_empty(counts, statistics.classes)
        if self._num_rows > MANY_PASSES * len(dataset):
            warnings.warn(
                f'an epoch of ClassAwareSampler has {self._num_rows} draws, {self._num_rows / len(dataset):.1f} passes '
                f"over {len(dataset)} images: reduce is {reduce}, 'auto' makes it one pass",
                stacklevel=2,
            )
        images, classes = statistics.labels  # type: ignore[misc]  # counted: not None
        classes = classes.astype(np.min_scalar_type(len(counts)))  # 16 bits are sorted in linear time
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
        visited = rng.permuted(np.tile(np.arange(num_classes, dtype=np.int32), (cycles, 1)), axis=1)
        turn = np.empty_like(visited)  # (cycles, K'), when a class has its turn in a cycle
        np.put_along_axis(turn, visited, np.arange(num_classes, dtype=np.int32)[None], axis=1)
        del visited
        order = np.empty((cycles, num_classes, size), np.int64)
        for classes, queues in self._queues(rng, cycles * size):
            # In cycle c every class takes images c * size ... of its own queue.
            taken = queues.reshape(len(queues), cycles, size).swapaxes(0, 1)
            order[np.arange(cycles)[:, None], turn[:, classes]] = taken
        return order.ravel()[: self.num_rows]

    def _queues(self, rng: np.random.Generator, length: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Shuffled passes over each class's images, some classes (k) at a time: which, and their queues (k, length)."""
        passes = -(-length // self._counts)  # (K',)
        starts = np.cumsum(self._counts) - self._counts
        blocks = np.cumsum(passes * self._counts) // BLOCK  # (K',), ascending
        first, passed = 0, 0
        for last in np.append(np.flatnonzero(np.diff(blocks)) + 1, len(blocks)).tolist():
            classes = slice(first, last)
            yield (
                classes,
                self._shuffled(rng, length, passed, *(a[classes] for a in (self._counts, passes, starts))),
            )
            first, passed = last, passed + int(passes[classes].sum())

    def _shuffled(self, rng, length: int, passed: int, counts, passes, starts) -> np.ndarray:
        """The queues of some classes, (k, length), from their numbers of images, of passes and their starts, (k,)."""
        owner = np.repeat(np.arange(len(passes)), passes)  # (P,), the class of each pass
        sizes = counts[owner]
        shift = starts[owner] - (np.cumsum(sizes) - sizes)
        number = np.repeat(np.arange(len(owner)), sizes)  # (M,), the pass of each entry
        keys = (number + passed) + rng.random(len(number))  # an entry stays within its pass
        if len(counts) == 1 and length < len(keys):
            chosen = np.argpartition(keys, length)[:length]
            chosen = chosen[np.argsort(keys[chosen])]
            return self._images[chosen + shift[number[chosen]]][None]
        lengths = passes * counts
        chosen = np.argsort(keys, kind='stable')[(np.cumsum(lengths) - lengths)[:, None] + np.arange(length)]
        return self._images[chosen + shift[number[chosen]]]
