"""Which classes each image of a data set shows, read at once where the data set can tell them so."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Callable, Iterable, Iterator
from weakref import WeakKeyDictionary

import numpy as np
from mmengine.dataset import BaseDataset

Labels = tuple[np.ndarray, np.ndarray]
KNOWN = (
    'mmengine',
    'mmpretrain',
    'mmlongtail',
)  # whose ``get_cat_ids`` gives the ``gt_label`` as it is stored
_LABELS: WeakKeyDictionary = WeakKeyDictionary()


def image_labels(dataset) -> Labels:
    """Which classes each image of a data set shows; read once per data set and kept while it lives.

    Args:
        dataset: Any data set with ``image_labels()``, which tells what is returned here, with ``get_cat_ids(i)``, or
            whose ``get_data_info(i)`` has a ``gt_label``. The latter two take a call for each image, but not where
            they are those of MMEngine's sets, whose stored annotations are read instead.

    Returns:
        Image indices and class indices, int64, (E,) each: one entry per image and class present, images in order.
    """
    if dataset not in _LABELS:
        at_once = getattr(dataset, 'image_labels', None) or _table_of(dataset)
        _LABELS[dataset] = at_once() if at_once else flat_labels(_label_of_each(dataset))
    return _LABELS[dataset]


def flat_labels(labels: Iterable) -> Labels:
    """What :func:`image_labels` returns, from the classes of each image.

    Args:
        labels: A class index, or a list or array of some, of each image.

    Example:
        >>> flat_labels([[2], [], [1, 0, 1]])
        (array([0, 2, 2]), array([2, 0, 1]))
    """
    flat, ends = array('q'), array('q')  # a list of millions of lists would keep the garbage collector busy
    for label in labels:
        if not isinstance(label, (list, tuple)):
            label = np.asarray(label, np.int64).ravel().tolist() if not isinstance(label, int) else (label,)
        flat.extend(label)
        ends.append(len(flat))
    classes = np.array(flat, np.int64)
    images = np.repeat(np.arange(len(ends)), np.diff(np.array(ends, np.int64), prepend=0))
    later = images[1:] > images[:-1]
    if (later | (classes[1:] > classes[:-1])).all():
        return images, classes
    classes = classes[np.lexsort((classes, images))]
    first = np.append(True, later | (classes[1:] > classes[:-1]))
    return images[first], classes[first]  # each class once


def _label_of_each(dataset) -> Iterator:
    """The class or classes of each image, as the data set tells them."""
    read = getattr(dataset, 'get_cat_ids', None)
    if _tells_as_stored(dataset):
        return (info['gt_label'] for info in _stored(dataset))
    read = read or (lambda i: dataset.get_data_info(i)['gt_label'])
    return map(read, range(len(dataset)))


def _tells_as_stored(dataset) -> bool:
    """Whether a data set's own methods tell nothing else than the annotations that MMEngine's sets store."""
    stored = isinstance(dataset, BaseDataset) and type(dataset).get_data_info is BaseDataset.get_data_info
    return stored and dataset.get_cat_ids.__module__.split('.')[0] in KNOWN


def _table_of(dataset) -> Callable[[], Labels] | None:
    """What tells all labels at once, where the annotations are stored in such a way."""
    if not _tells_as_stored(dataset):
        return None
    dataset.full_init()
    return getattr(dataset.data_list, 'image_labels', None)


def _stored(dataset: BaseDataset) -> Iterator[dict]:
    """The annotations of an MMEngine set; its ``get_data_info`` takes twice as long."""
    dataset.full_init()
    if not dataset.serialize_data:
        yield from dataset.data_list
        return
    data, ends = memoryview(dataset.data_bytes), dataset.data_address.tolist()
    for start, end in zip([0, *ends], ends):
        yield pickle.loads(data[start:end])
