"""How often each class occurs in a training set: counts and co-occurrence, counted in one place only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, diags_array, triu

from .image_labels import image_labels
from .protocols import TakesClassStatistics


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """What the methods know of a training set.

    Args:
        class_counts: Images per class, (K,).
        num_images: Images in all.
        classes: Names of the classes, (K,).
        labels: The labels themselves as :func:`image_labels` gives them, where they are known.
        stored_cooccurrence: What :attr:`cooccurrence` gives where only that is known (from a checkpoint), (K, K),
            dense or sparse.
    """

    class_counts: np.ndarray
    num_images: int
    classes: tuple[str, ...] = ()
    labels: tuple[np.ndarray, np.ndarray] | None = None
    stored_cooccurrence: np.ndarray | csr_matrix | None = None

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
        return None if self._together is None else self._together.toarray()

    @cached_property
    def _together(self) -> csr_matrix | None:
        """The same without the pairs of no image, which are nearly all where there are many classes."""
        if self.labels is None:
            return None if self.stored_cooccurrence is None else csr_matrix(self.stored_cooccurrence)
        images, classes = self.labels
        shape = (self.num_images, len(self.class_counts))
        present = csr_matrix((np.ones(len(images), np.int64), (images, classes)), shape=shape)
        return present.T @ present

    def hand_to(self, receivers: Iterable) -> None:
        """Give them to the modules, metrics and hooks among the receivers that take them."""
        for receiver in receivers:
            if isinstance(receiver, TakesClassStatistics):
                receiver.set_class_statistics(self)

    def to_dict(self) -> dict:
        """Plain numbers and lists, so that a checkpoint with them loads under ``weights_only=True``.

        Co-occurrence is kept for multi-label sets only, as ``pairs``: rows, columns and numbers of images of the upper
        triangle where there are any. In the others it is the diagonal of the counts.
        """
        state = dict(
            class_counts=self.class_counts.tolist(),
            num_images=int(self.num_images),
            classes=list(self.classes),
        )
        if state['num_images'] < sum(state['class_counts']) and self._together is not None:
            upper = triu(self._together).tocoo()
            state['pairs'] = [part.tolist() for part in (upper.row, upper.col, upper.data)]
        return state

    @classmethod
    def from_dict(cls, state: dict) -> ClassStatistics:
        """The inverse of :meth:`to_dict`; the whole ``cooccurrence`` in older ones is read too."""
        counts = np.asarray(state['class_counts'], np.int64)
        together = state.get('cooccurrence')
        if together is None:
            together = _symmetric(state['pairs'], len(counts)) if 'pairs' in state else diags_array(counts)
        return cls(
            counts, state['num_images'], tuple(state['classes']), stored_cooccurrence=csr_matrix(together)
        )


def _symmetric(pairs: list[list[int]], size: int) -> csr_matrix:
    """A matrix from the rows, columns and values of its upper triangle."""
    rows, columns, values = pairs
    upper = csr_matrix((np.asarray(values, np.int64), (rows, columns)), shape=(size, size))
    return upper + triu(upper, 1).T
