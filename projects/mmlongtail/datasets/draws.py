"""A draw: which image, for which stream, with which randomness."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


class Draw(int):
    """An image index that knows the stream it was drawn for and the seed of its augmentation.

    Args:
        index: The image's index in the data set.
        stream: Name of the stream; None where there is only one, without a name.
        seed: Seed of everything random in the data pipeline, 0 ... 2**32 - 1.
    """

    stream: str | None
    seed: int

    def __new__(cls, index: int, stream: str | None, seed: int) -> Draw:
        draw = super().__new__(cls, index)
        draw.stream, draw.seed = stream, seed
        return draw

    def __getnewargs__(self) -> tuple[int, str | None, int]:
        return int(self), self.stream, self.seed

    def __repr__(self) -> str:
        return f'Draw({int(self)}, stream={self.stream!r}, seed={self.seed})'


_spare: list[np.random.MT19937] = []  # to make one takes longer than to seed it, or to decode an image


@contextmanager
def random_scope(seed: int) -> Iterator[None]:
    """Seed the generators of python, numpy and torch (CPU) inside the scope; outside they stay as they were.

    numpy's generator is another one inside, which is much faster than to copy its state twice. What it loses thereby
    is the second of a pair of normal numbers that waited outside to be drawn.
    """
    states = random.getstate(), torch.get_rng_state()
    outside = np.random.get_bit_generator()
    inside = _spare.pop() if _spare else np.random.MT19937()
    np.random.set_bit_generator(inside)
    try:
        np.random.seed(seed)
        random.seed(seed)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would queue a CUDA call for each sample
        yield
    finally:
        np.random.set_bit_generator(outside)
        _spare.append(inside)
        random.setstate(states[0])
        torch.set_rng_state(states[1])
