"""What data sets around another one share, and the way into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from mmpretrain.registry import DATASETS

from mmlongtail.structures import checks, image_labels


def unwrap(dataset) -> Iterator:
    """A data set, or its config, then what is in it, from the outermost wrapper inwards.

    Example:
        >>> [level['type'] for level in unwrap(dict(type='DrawDataset', dataset=dict(type='VOCLT')))]
        ['DrawDataset', 'VOCLT']
    """
    while dataset is not None:
        yield dataset
        config = isinstance(dataset, Mapping)
        dataset = dataset.get('dataset') if config else getattr(dataset, 'dataset', None)


def innermost(dataset):
    """The data set, or its config, inside all wrappers."""
    *_, inner = unwrap(dataset)
    return inner


class DatasetWrapper:
    """Base of the data sets around another one: labels, names and items are the inner one's.

    Args:
        dataset: The inner data set or its config.

    Attributes:
        indices: The inner images that it has, in its order; None for all of them.

    Raises:
        ValueError: If ``dataset`` is neither.
    """

    indices: Sequence[int] | None = None

    def __init__(self, dataset: dict) -> None:
        if not hasattr(dataset, 'metainfo'):
            dataset = DATASETS.build(checks.config('dataset', dataset, DATASETS))
        self.dataset = dataset

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo

    def full_init(self) -> None:
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()

    def inner_index(self, index: int) -> int:
        """The inner image whose labels are those of image ``index``."""
        return index if self.indices is None else self.indices[index]

    def get_data_info(self, index: int) -> dict:
        return self.dataset.get_data_info(self.inner_index(index))

    def get_cat_ids(self, index: int) -> list[int]:
        index = self.inner_index(index)
        if hasattr(self.dataset, 'get_cat_ids'):
            return self.dataset.get_cat_ids(index)
        return np.atleast_1d(self.dataset.get_data_info(index)['gt_label']).tolist()

    def image_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """All labels at once, as :func:`mmlongtail.structures.image_labels` asks for them."""
        images, classes = image_labels(self.dataset)
        if self.indices is None:
            return images, classes
        first, last = (np.searchsorted(images, self.indices, side) for side in ('left', 'right'))
        numbers = last - first  # of labels of each image
        entries = np.arange(numbers.sum()) + np.repeat(last - np.cumsum(numbers), numbers)
        return np.repeat(np.arange(len(numbers)), numbers), classes[entries]

    def __len__(self) -> int:
        return len(self.dataset) if self.indices is None else len(self.indices)

    def __getitem__(self, index: int) -> dict:
        return self.dataset[self.inner_index(index)]
