"""What all samplers of the package share: one global order per epoch, cut into the parts of the ranks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmlongtail.structures import checks

from ..draws import Draw

AT_ONCE = 1 << 16  # rows that become Python objects at a time


class OrderSampler(Sampler, ABC):
    """A sampler given by the global order of each epoch, which is the same for any number of ranks.

    Seed and epoch alone determine the order, and the seed that each :class:`Draw` has for its augmentation, so a
    resumed run restores these two and nothing else. Under several ranks the order is padded by its own beginning to a
    multiple of their number and dealt out row by row.

    Args:
        dataset: The data set whose indices are drawn.
        seed: Controls every draw; None takes one that all ranks agree on.

    Attributes:
        epoch: Set through :meth:`set_epoch`.
        start: Samples of this rank to skip in the next iteration only (a resume in the middle of an epoch).
    """

    names: Sequence[str | None] = (None,)  # of the streams, which are the columns of the order

    def __init__(self, dataset, seed: int | None = None) -> None:
        self.dataset = dataset
        seed = checks.whole('seed', seed, at_least=0, optional=True)
        self.seed = sync_random_seed() if seed is None else seed
        self.rank, self.world_size = get_dist_info()
        self.epoch = 0
        self.start = 0

    @property
    @abstractmethod
    def num_rows(self) -> int:
        """Rows of an epoch's order, all ranks together."""

    @abstractmethod
    def order(self, epoch: int) -> np.ndarray:
        """The global order of an epoch: image indices, int64, (num_rows,) or with S of them in a row (num_rows, S)."""

    @property
    def _share(self) -> int:
        """Rows of an epoch of each rank."""
        return math.ceil(self.num_rows / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self.epoch = epoch

    def rank_rows(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """The rows of the global order that this rank draws, or some of them, its part of the padding included."""
        turns = np.arange(first, self._share if last is None else min(last, self._share))
        return (turns * self.world_size + self.rank) % self.num_rows

    def draw_seeds(self, epoch: int) -> np.ndarray:
        """The seed of each draw of an epoch, (num_rows,), of other random numbers than its order."""
        sequence = np.random.SeedSequence([self.seed, epoch], spawn_key=(0,))
        return np.random.default_rng(sequence).integers(2**32, size=self.num_rows)

    def samples(self, start: int) -> Iterator[Draw]:
        """This rank's samples of the current epoch from the ``start``-th on."""
        row, place = divmod(start, len(self.names))
        draws = self._draws(self.order(self.epoch), self.draw_seeds(self.epoch), row)
        return islice(draws, place, None)

    def _draws(self, order: np.ndarray, seeds: np.ndarray, row: int) -> Iterator[Draw]:
        for first in range(row, self._share, AT_ONCE):
            rows = self.rank_rows(first, first + AT_ONCE)
            yield from map(
                Draw, order[rows].ravel().tolist(), cycle(self.names), seeds[rows].ravel().tolist()
            )

    def __iter__(self) -> Iterator[Draw]:
        start, self.start = self.start, 0
        return self.samples(start)

    def __len__(self) -> int:
        return self._share
