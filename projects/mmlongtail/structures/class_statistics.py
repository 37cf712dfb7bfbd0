"""How often each class occurs in a training set: counts, groups and co-occurrence, counted in one place only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_matrix

from . import checks
from .protocols import TakesClassStatistics

GROUP_NAMES = ('head', 'medium', 'tail')
_LABELS: WeakKeyDictionary = WeakKeyDictionary()


def image_labels(dataset) -> tuple[np.ndarray, np.ndarray]:
    """Which classes each image of a data set shows; read once per data set and kept while it lives.

    Args:
        dataset: Any data set with ``get_cat_ids(i)``, or whose ``get_data_info(i)`` has a ``gt_label``.

    Returns:
        Image indices and class indices, int64, (E,) each: one entry per image and class present, images in order.
    """
    if dataset not in _LABELS:
        read = getattr(dataset, 'get_cat_ids', None) or (lambda i: dataset.get_data_info(i)['gt_label'])
        labels = [np.unique(np.asarray(read(i), dtype=np.int64)) for i in range(len(dataset))]
        images = np.repeat(np.arange(len(labels)), [len(label) for label in labels])
        _LABELS[dataset] = images, np.concatenate(labels or [images])
    return _LABELS[dataset]


def group_edges(edges: Sequence[int]) -> tuple[int, int]:
    """The tail's and the head's edge of :func:`class_groups`.

    Raises:
        ValueError: If they are not two ascending numbers.
    """
    low, high = checks.sequence('edges', edges, checks.number, length=2)
    return (low, high) if low < high else checks.refuse('edges', edges, 'two ascending numbers, (tail, head)')


def class_groups(
    class_counts: Sequence[int],
    edges: tuple[int, int] = (20, 100),
    head_inclusive: bool = True,
    tail_inclusive: bool = False,
) -> np.ndarray:
    """The group of each class by its number of training images (6:6:8 on VOC-LT, 22:33:25 on COCO-LT).

    Args:
        class_counts: Training images per class, (K,).
        edges: Images at the tail's and at the head's edge.
        head_inclusive: A class with exactly ``edges[1]`` images is a head class (multi-label sets) or a medium one
            (single-label sets: "more than 100").
        tail_inclusive: A class with exactly ``edges[0]`` images is a tail class or a medium one.

    Returns:
        Indices into :data:`GROUP_NAMES`, (K,): 0 head, 1 medium, 2 tail.

    Raises:
        ValueError: If the edges are not ascending or a count is negative.
    """
    (low, high), counts = group_edges(edges), checks.counts('class_counts', class_counts)
    head = counts >= high if head_inclusive else counts > high
    tail = counts <= low if tail_inclusive else counts < low
    return np.where(head, 0, np.where(tail, 2, 1))


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """What the methods know of a training set.

    Args:
        class_counts: Images per class, (K,).
        num_images: Images in all.
        classes: Names of the classes, (K,).
        labels: The labels themselves as :func:`image_labels` gives them, where they are known.
        stored_cooccurrence: What :attr:`cooccurrence` gives where only that is known (from a checkpoint), (K, K).
    """

    class_counts: np.ndarray
    num_images: int
    classes: tuple[str, ...] = ()
    labels: tuple[np.ndarray, np.ndarray] | None = None
    stored_cooccurrence: np.ndarray | None = None

    @classmethod
    def from_dataset(cls, dataset) -> ClassStatistics:
        """Count a data set whose ``metainfo`` names its ``classes``.

        Raises:
            ValueError: If the data set does not name its classes or a label lies outside them.
        """
        classes = getattr(dataset, 'metainfo', {}).get('classes')
        if not classes:
            raise ValueError(
                f'{type(dataset).__name__} names no classes: give it metainfo=dict(classes=[...])'
            )
        labels = image_labels(dataset)
        if labels[1].size and not 0 <= labels[1].min() <= labels[1].max() < len(classes):
            raise ValueError(
                f'{type(dataset).__name__} has class indices {labels[1].min()} to {labels[1].max()}, '
                f'but names {len(classes)} classes (0 to {len(classes) - 1} expected)'
            )
        counts = np.bincount(labels[1], minlength=len(classes))
        return cls(counts, len(dataset), tuple(classes), labels)

    @cached_property
    def cooccurrence(self) -> np.ndarray | None:
        """Images that show both classes, (K, K) int64, the diagonal being the counts; None where labels are unknown."""
        if self.labels is None:
            return self.stored_cooccurrence
        images, classes = self.labels
        shape = (self.num_images, len(self.class_counts))
        present = csr_matrix((np.ones(len(images), np.int64), (images, classes)), shape=shape)
        return (present.T @ present).toarray()

    def hand_to(self, receivers: Iterable) -> None:
        """Give them to the modules, metrics and hooks among the receivers that take them."""
        for receiver in receivers:
            if isinstance(receiver, TakesClassStatistics):
                receiver.set_class_statistics(self)

    def to_dict(self) -> dict:
        """Plain numbers and lists, so that a checkpoint with them loads under ``weights_only=True``.

        Co-occurrence is kept for multi-label sets only: in the others it is the diagonal of the counts.
        """
        state = dict(
            class_counts=self.class_counts.tolist(),
            num_images=int(self.num_images),
            classes=list(self.classes),
        )
        if state['num_images'] < sum(state['class_counts']) and self.cooccurrence is not None:
            state['cooccurrence'] = self.cooccurrence.tolist()
        return state

    @classmethod
    def from_dict(cls, state: dict) -> ClassStatistics:
        """The inverse of :meth:`to_dict`."""
        counts = np.asarray(state['class_counts'], np.int64)
        together = state.get('cooccurrence')
        return cls(
            counts,
            state['num_images'],
            tuple(state['classes']),
            stored_cooccurrence=np.diag(counts) if together is None else np.asarray(together, np.int64),
        )
