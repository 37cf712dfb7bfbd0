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


@contextmanager
def random_scope(seed: int) -> Iterator[None]:
    """Seed the generators of python, numpy and torch (CPU) inside the scope; outside they stay as they were."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would queue a CUDA call for each sample
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
