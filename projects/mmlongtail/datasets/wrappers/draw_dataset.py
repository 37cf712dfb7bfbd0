"""The data set that knows what to do with a draw."""

from __future__ import annotations

from collections.abc import Mapping

from mmpretrain.registry import DATASETS

from ..draws import Draw, random_scope
from .base import DatasetWrapper, unwrap


@DATASETS.register_module()
class DrawDataset(DatasetWrapper):
    """Lets a data set take the draws of this package's samplers: the outermost wrapper of a train data set.

    Each draw's data pipeline runs with the draw's own seed, so a sample is the same in any worker, on any rank and
    after a resume. A draw of a :class:`StreamSampler` leaves its stream's name in ``data_sample.stream``. A plain
    index works as before.

    Args:
        dataset: The inner data set or its config; its pipeline ends with ``PackInputs``.

    Raises:
        TypeError: If an item of a named stream has no ``data_samples`` that could carry its name.
    """

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
        item['data_samples'].set_field(index.stream, 'stream', field_type='metainfo')
        return item


def takes_draws(dataset):
    """The data set, or its config, in a :class:`DrawDataset`, unless there is one around or in it already.

    A :class:`BatchedDataset` needs none: nothing in it is random. What is neither a config nor a data set with
    ``metainfo``, such as a list, stays as it is.
    """
    if not isinstance(dataset, Mapping) and not hasattr(dataset, 'metainfo'):
        return dataset
    if {'DrawDataset', 'BatchedDataset'} & set(map(_type_name, unwrap(dataset))):
        return dataset
    return dict(type='DrawDataset', dataset=dataset)


def _type_name(dataset) -> str:
    kind = dataset['type'] if isinstance(dataset, Mapping) else type(dataset)
    return kind if isinstance(kind, str) else kind.__name__
