"""Re-sampling as a data set, for a loader that takes no sampler."""

from __future__ import annotations

import numpy as np
import torch
from mmpretrain.registry import DATA_SAMPLERS, DATASETS

from mmlongtail.structures import checks

from ..samplers import OrderSampler, StreamSampler
from .base import DatasetWrapper


@DATASETS.register_module()
class ResampledDataset(DatasetWrapper):
    """A data set whose item i is the i-th draw of a sampler's epoch; it is as long as the epoch.

    Its epoch must be told, or all epochs have the same draws: by :meth:`set_epoch` before the loader is iterated, which
    ``DatasetEpochHook`` does in MMEngine's runs. The number lies in shared memory, so that workers that stay alive
    from epoch to epoch know it too. The draws follow from seed and epoch alone, the same in any worker and on any rank.

    Labels (``get_cat_ids``, ``get_data_info``) are the inner data set's own, of image i and not of draw i: class counts
    are those of the data as they are, whatever is drawn.

    Args:
        dataset: The inner data set or its config.
        sampler: Config of one of this package's samplers of single images.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If ``sampler`` is of another kind.
    """

    def __init__(self, dataset: dict, sampler: dict, seed: int | None = None) -> None:
        super().__init__(dataset)
        checks.config('sampler', sampler, DATA_SAMPLERS)
        self.full_init()
        self.sampler = DATA_SAMPLERS.build(sampler, default_args=dict(dataset=self.dataset, seed=seed))
        if not isinstance(self.sampler, OrderSampler) or isinstance(self.sampler, StreamSampler):
            raise ValueError(
                f'sampler={dict(sampler)}: one of mmlongtail that draws single images is expected, e.g. CBENSampler'
            )
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        self._drawn: tuple[tuple[int, int], np.ndarray] | None = None

    @property
    def seed(self) -> int:
        """Seed of all draws; a resumed run sets it to what it was."""
        return self.sampler.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self.sampler.seed = seed

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next items, in this process and in its workers."""
        self._epoch.fill_(epoch)

    @property
    def draws(self) -> np.ndarray:
        """The images drawn in this epoch, (len(self),)."""
        key = int(self._epoch), self.seed
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = key, self.sampler.order(key[0])
        return self._drawn[1]

    def __len__(self) -> int:
        return self.sampler.num_rows

    def __getitem__(self, index: int) -> dict:
        return self.dataset[int(self.draws[index])]

    def __getitems__(self, indices: list[int]) -> list | dict:
        """A whole batch at once, in the way of the inner data set if it has one."""
        images = self.draws[np.asarray(indices, np.int64)].tolist()
        if hasattr(self.dataset, '__getitems__'):
            return self.dataset.__getitems__(images)
        return [self.dataset[image] for image in images]

    def inner_index(self, index: int) -> int:
        self._check_length()
        return index

    def image_labels(self) -> tuple[np.ndarray, np.ndarray]:
        self._check_length()
        return super().image_labels()

    def _check_length(self) -> None:
        # A reader of all labels would go over len(self) images and count too many or too few.
        if len(self) != len(self.dataset):
            raise ValueError(
                f'sampler {type(self.sampler).__name__} draws {len(self)} of {len(self.dataset)} images an epoch, so '
                f'class counts cannot be read through {type(self).__name__}: give the loader the sampler itself'
            )


@DATASETS.register_module()
class CBENDataset(ResampledDataset):
    """A data set re-sampled by :class:`CBENSampler`, whose arguments it takes besides ``dataset``."""

    def __init__(self, dataset: dict, seed: int | None = None, **sampler) -> None:
        super().__init__(dataset, dict(sampler, type='CBENSampler'), seed)
