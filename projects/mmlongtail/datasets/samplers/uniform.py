"""Every image once per epoch."""

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from .base import OrderSampler


@DATA_SAMPLERS.register_module()
class UniformSampler(OrderSampler):
    """Draws images uniformly: shuffled without replacement, anew in each epoch."""

    @property
    def num_rows(self) -> int:
        return len(self.dataset)

    def order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))
