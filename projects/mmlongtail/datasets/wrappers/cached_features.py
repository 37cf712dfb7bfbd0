"""Features in the place of images: what a loader gives when everything below a module was computed before."""

from __future__ import annotations

import numpy as np
from mmpretrain.datasets.transforms import PackInputs
from mmpretrain.structures import DataSample

from ..draws import Draw, random_scope
from ..feature_file import FeatureFile
from ..fingerprints import file_mark
from .batched import BatchedDataset

KEY = 'cached'  # of an item: its ``inputs`` are features


class ViewDataset:
    """Each image V times, view after view, in the same random views in every process and run.

    Args:
        dataset: The data set of images.
        views: Number of views V.
    """

    def __init__(self, dataset, views: int) -> None:
        self.dataset, self.views = dataset, views

    def __len__(self) -> int:
        return self.views * len(self.dataset)

    def __getitem__(self, row: int) -> dict:
        view, image = divmod(row, len(self.dataset))
        with random_scope(view_seed(view, image)):
            return self.dataset[image]


def view_seed(*numbers: int) -> int:
    """Seed of everything random in a view, the same in every run."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


class CachedFeatures:
    """A data set that gives features for images: each time those of one of the views, and the same data samples.

    The random numbers of a draw choose the view: in a :class:`DrawDataset` these are the draw's own, so that a sample
    is the same in any worker and after a resume. Data samples lack what transforms write into their metainfo, such as
    ``img_shape``.

    Args:
        dataset: The data set of images, in no other wrapper.
        features: Of its images.
    """

    is_decoded = True  # its pictures are needed no more

    def __init__(self, dataset, features: FeatureFile) -> None:
        self.dataset, self.features = dataset, features
        transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
        self._pack = transforms[-1] if transforms and isinstance(transforms[-1], PackInputs) else None

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str):
        if name in ('dataset', '__setstate__'):  # while it is unpickled
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __getitem__(self, index: Draw | int) -> dict:
        views, seed = self.features.views, getattr(index, 'seed', None)
        view = np.random.randint(views) if seed is None else np.random.default_rng(seed).integers(views)
        return self.item(int(view), index)

    __getitems__ = None  # a whole batch is collated as of any data set

    def item(self, view: int, index: Draw | int) -> dict:
        """An image's features in one view."""
        inputs = self.features.read(view, int(index) % len(self))
        return dict(inputs=inputs, data_samples=self._sample(index), **{KEY: True})

    def _sample(self, index: Draw | int) -> DataSample:
        if self._pack is not None:
            return self._pack(self.dataset.get_data_info(int(index)))['data_samples']
        if isinstance(self.dataset, BatchedDataset):
            return self.dataset[index]['data_samples']
        return self.dataset[int(index)]['data_samples'].clone()


def image_marks(dataset) -> list:
    """What tells the images of a data set from others: files by path, size and time of change, others by content."""
    if isinstance(dataset, BatchedDataset):
        return image_marks(dataset.dataset)
    if not hasattr(dataset, 'get_data_info'):
        return [dataset[i]['inputs'] for i in range(len(dataset))]
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    return [
        file_mark(info['img_path'])
        if 'img_path' in info
        else {key: value for key, value in info.items() if not key.startswith('gt_')}
        for info in infos
    ]


def pipelines(dataset) -> list:
    """The transforms of a data set, in any wrappers and joined ones."""
    inner = getattr(dataset, 'dataset', None)
    found = [
        pipelines(part) for part in (*getattr(dataset, 'datasets', ()), *([] if inner is None else [inner]))
    ]
    own = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
    return [type(dataset).__name__, own, found] if own or found else []
