"""Several streams of draws side by side: what two-branch training learns from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import islice, zip_longest

import numpy as np
from mmengine.dist import all_gather_object
from mmpretrain.registry import DATA_SAMPLERS

from mmlongtail.structures import checks

from .base import OrderSampler


class EndlessStream:
    """A sampler's passes (its epochs), one after the other without end, in the global order of all ranks.

    Args:
        sampler: An :class:`OrderSampler`, or any sampler whose ranks draw in turns, as MMEngine's do; its padding to
            the number of ranks stays in (``round_up=False`` avoids it).
    """

    def __init__(self, sampler) -> None:
        self.sampler = sampler
        own = isinstance(sampler, OrderSampler)
        self.length = sampler.num_rows if own else sum(all_gather_object(len(sampler)))

    def order(self, number: int) -> np.ndarray:
        """The global order of one pass, (length,)."""
        if isinstance(self.sampler, OrderSampler):
            return self.sampler.order(number)
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(number)
        parts = all_gather_object(list(islice(self.sampler, len(self.sampler))))
        turns = zip_longest(*parts)
        return np.array([index for turn in turns for index in turn if index is not None], np.int64)

    def take(self, first: int, count: int) -> np.ndarray:
        """Image indices from the ``first``-th draw of the stream on, (count,)."""
        numbers = range(first // self.length, (first + count - 1) // self.length + 1)
        return np.concatenate([self.order(n) for n in numbers])[first % self.length :][:count]


@DATA_SAMPLERS.register_module()
class StreamSampler(OrderSampler):
    """Pairs named streams, position by position (u, r, u, r, ...): a batch of 2B holds B draws of each of two streams.

    Collaborative training (Guo & Wang, CVPR 2021) pairs a uniform with a re-balanced stream. It yields :class:`Draw`,
    which tells its stream; the data set must be wrapped in :class:`DrawDataset`. A stream that is shorter than an
    epoch starts over with its next pass; one that is longer goes on in the next epoch where it was.

    Args:
        dataset: The data set whose indices are drawn.
        streams: Sampler config of each stream, by name.
        epoch_length: Draws per stream and epoch; or the stream whose length counts; or the config of a sampler whose
            length counts (a baseline with as many iterations as another method).
        seed: Controls every draw, each stream in its own way; None takes one that all ranks agree on.

    Raises:
        ValueError: If there are no streams, a stream has its own seed, or ``epoch_length`` is not as above.
    """

    def __init__(
        self,
        dataset,
        streams: Mapping[str, dict],
        epoch_length: int | str | dict,
        seed: int | None = None,
    ) -> None:
        super().__init__(dataset, seed)
        config = partial(checks.config, registry=DATA_SAMPLERS)
        streams = checks.mapping('streams', streams, config)
        if not streams or any('seed' in config for config in streams.values()):
            expected = (
                'at least one sampler config, none with a seed of its own (give StreamSampler the seed)'
            )
            checks.refuse('streams', streams, expected)
        self.streams = {name: self._build(config) for name, config in streams.items()}
        self.names = tuple(self.streams)
        self._num_rows = self._rows(epoch_length)

    def _build(self, config: dict) -> EndlessStream:
        return EndlessStream(
            DATA_SAMPLERS.build(config, default_args=dict(dataset=self.dataset, seed=self.seed))
        )

    def _rows(self, epoch_length: int | str | dict) -> int:
        if isinstance(epoch_length, Mapping):
            return self._build(checks.config('epoch_length', epoch_length, DATA_SAMPLERS)).length
        if isinstance(epoch_length, str):
            return self.streams[checks.choice('epoch_length', epoch_length, self.streams)].length
        return checks.whole('epoch_length', epoch_length)

    @property
    def num_rows(self) -> int:
        return self._num_rows

    def order(self, epoch: int) -> np.ndarray:
        """Image indices of an epoch, one column per stream, (num_rows, S)."""
        order = np.empty((self.num_rows, len(self.streams)), np.int64)
        for i, stream in enumerate(self.streams.values()):
            stream.sampler.seed = int(np.random.SeedSequence([self.seed, i]).generate_state(1)[0] // 2)
            order[:, i] = stream.take(epoch * self.num_rows, self.num_rows)
        return order

    def draw_seeds(self, epoch: int) -> np.ndarray:
        """The seed of each draw of an epoch, (num_rows, S)."""
        size = (self.num_rows, len(self.streams))
        return np.random.default_rng([self.seed, epoch]).integers(2**32, size=size)

    def __len__(self) -> int:
        return super().__len__() * len(self.streams)
