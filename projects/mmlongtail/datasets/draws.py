"""A draw: which image, for which stream, with which randomness."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from mmpretrain.registry import DATASETS

from mmlongtail.structures import checks


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


def inner_dataset(dataset: dict):
    """The data set of a wrapper, built if it is a config.

    Raises:
        ValueError: If it is neither.
    """
    if hasattr(dataset, 'metainfo'):
        return dataset
    return DATASETS.build(checks.config('dataset', dataset, DATASETS))


@DATASETS.register_module()
class DrawDataset:
    """Lets a data set take the draws of this package's samplers: the outermost wrapper of a train data set.

    Each draw's data pipeline runs with the draw's own seed, so a sample is the same in any worker, on any rank and
    after a resume. A draw of a :class:`StreamSampler` leaves its stream's name in ``data_sample.stream``. A plain
    index works as before.

    Args:
        dataset: The inner data set or its config; its pipeline ends with ``PackInputs``.

    Raises:
        TypeError: If an item of a named stream has no ``data_samples`` that could carry its name.
    """

    def __init__(self, dataset: dict) -> None:
        self.dataset = inner_dataset(dataset)

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo

    def full_init(self) -> None:
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()

    def get_data_info(self, index: int) -> dict:
        return self.dataset.get_data_info(index)

    def get_cat_ids(self, index: int) -> list[int]:
        if hasattr(self.dataset, 'get_cat_ids'):
            return self.dataset.get_cat_ids(index)
        return np.atleast_1d(self.dataset.get_data_info(index)['gt_label']).tolist()

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Draw | int) -> dict:
        if not isinstance(index, Draw):
            return self.dataset[index]
        with random_scope(index.seed):
            item = self.dataset[int(index)]
        if index.stream is None:
            return item
        if not hasattr(item, 'get') or item.get('data_samples') is None:
            raise TypeError(
                f"DrawDataset writes a draw's stream into item['data_samples'], but {type(self.dataset).__name__} gave "
                f'none: its pipeline must end with PackInputs'
            )
        item['data_samples'].set_metainfo(dict(stream=index.stream))
        return item


def takes_draws(dataset):
    """The data set, or its config, in a :class:`DrawDataset`, unless there is one around or in it already.

    A :class:`BatchedDataset` needs none: nothing in it is random. What is neither a config nor a data set with
    ``metainfo``, such as a list, stays as it is.
    """
    if not isinstance(dataset, Mapping) and not hasattr(dataset, 'metainfo'):
        return dataset
    if {'DrawDataset', 'BatchedDataset'} & set(_types(dataset)):
        return dataset
    return dict(type='DrawDataset', dataset=dataset)


def _types(dataset) -> Iterator[str]:
    """Names of a data set's classes, from the outermost wrapper inwards."""
    while dataset is not None:
        config = isinstance(dataset, dict)
        kind = dataset['type'] if config else type(dataset)
        yield kind if isinstance(kind, str) else kind.__name__
        dataset = dataset.get('dataset') if config else getattr(dataset, 'dataset', None)
