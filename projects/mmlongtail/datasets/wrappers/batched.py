"""Whole batches of small pictures straight from memory: what makes the input keep up with a GPU on 32 px pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample

from ..draws import Draw
from .base import DatasetWrapper


@FUNCTIONS.register_module()
def ready_batch_collate(batch: Mapping | Sequence) -> Mapping:
    """Take a batch of :class:`BatchedDataset` as it is; anything else goes the host's usual way."""
    return batch if isinstance(batch, Mapping) else pseudo_collate(batch)


@DATASETS.register_module()
class BatchedDataset(DatasetWrapper):
    """Holds all pictures of a data set as one uint8 tensor and hands out whole batches: the outermost wrapper.

    The inner pipeline runs once per picture, when the loader is built, so nothing in it may be random: loading,
    resizing to one size, ``PackInputs``. Augmentation belongs to :class:`BatchAugmentPreprocessor`. Its data loader
    needs ``collate_fn=dict(type='ready_batch_collate')`` and no worker processes. Samplers that yield plain indices or
    :class:`Draw` serve; a draw's data sample carries its ``stream``, while its ``seed`` has no use here, because the
    augmentation draws from torch's generator, which ``ResumableEpochLoop`` seeds in each iteration.

    Args:
        dataset: The inner data set or its config.

    Raises:
        ValueError: If the pictures are not uint8 tensors of one size.
    """

    def __init__(self, dataset: dict) -> None:
        super().__init__(dataset)
        self._pictures: torch.Tensor | None = None
        self._samples: list[DataSample] = []

    @property
    def pictures(self) -> torch.Tensor:
        """All pictures, (N, C, H, W) uint8."""
        if self._pictures is None:
            self.full_init()
        return self._pictures

    def full_init(self) -> None:
        """Read all pictures, unless that is done."""
        super().full_init()
        if self._pictures is None:
            self._read()

    def _read(self) -> None:
        pictures, samples = None, []
        for i in range(len(self.dataset)):
            item = self.dataset[i]
            picture = item['inputs']
            if pictures is None:
                pictures = torch.empty((len(self.dataset), *picture.shape), dtype=torch.uint8)
            if picture.dtype != torch.uint8 or picture.shape != pictures.shape[1:]:
                raise ValueError(
                    f'picture {i} is {picture.dtype} of shape {tuple(picture.shape)}: uint8 of '
                    f'{tuple(pictures.shape[1:])} as the first one is expected; the inner pipeline must resize to one '
                    'size and end with PackInputs'
                )
            pictures[i] = picture
            samples.append(item['data_samples'])
        self._pictures, self._samples = pictures, samples

    def _sample(self, index: Draw | int) -> DataSample:
        """A copy of its own for each batch, because models write into data samples."""
        sample = DataSample()
        for name, value in vars(self._samples[index]).items():  # a tenth of the time of DataSample.new()
            vars(sample)[name] = value.copy() if isinstance(value, set) else value
        if isinstance(index, Draw):
            sample.set_field(index.stream, 'stream', field_type='metainfo')
        return sample

    def __getitem__(self, index: Draw | int) -> dict:
        return dict(inputs=self.pictures[int(index)].clone(), data_samples=self._sample(index))

    def __getitems__(self, indices: Sequence[Draw | int]) -> dict:
        """A batch: ``inputs`` (B, C, H, W) uint8 and ``data_samples``, as the data loader asks for it."""
        inputs = self.pictures.index_select(0, torch.tensor([int(i) for i in indices]))
        return dict(inputs=inputs, data_samples=[self._sample(i) for i in indices])
