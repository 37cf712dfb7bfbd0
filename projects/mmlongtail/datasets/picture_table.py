"""The images of a data set as the checks at load see them: a list of dicts, or flat arrays for millions of them."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

AT_ONCE = 1 << 14  # images whose names are decoded together
NEW_LINE = 10


class PictureItems(list):
    """Images as ``dict(img_id, img_path, gt_label)`` each."""

    def repeated_ids(self) -> list[str]:
        """What stands more than once."""
        return [str(i) for i, n in Counter(item['img_id'] for item in self).items() if n > 1]

    def paths(self) -> Iterator[str]:
        """The image files."""
        return (item['img_path'] for item in self)

    def present(self) -> set[int]:
        """Classes that have an image."""
        return {label for item in self for label in item['gt_label']}

    def select(self, kept: np.ndarray) -> PictureItems:
        """Some of the images, by a mask (N,)."""
        return PictureItems(item for item, stays in zip(self, kept) if stays)

    def label_numbers(self) -> np.ndarray:
        """How many classes each image has, (N,)."""
        return np.array([len(item['gt_label']) for item in self], np.int64)

    def with_one_label(self) -> PictureItems:
        """The same with an index in the place of a list of one."""
        return PictureItems({**item, 'gt_label': item['gt_label'][0]} for item in self)


@dataclass(frozen=True, eq=False)
class PictureTable(Sequence):
    """The same in four arrays, which the processes of a data loader share; a dict is made when it is asked for.

    Args:
        folder: What the names are relative to.
        names: Names of the files in UTF-8, each ended by a new line, uint8.
        name_ends: Where they end, (N,).
        classes: Class indices, ascending in each image, int32 (E,).
        class_ends: Where those of each image end, (N,).
        one_label: Whether a ``gt_label`` is an index instead of a list.
    """

    folder: str
    names: np.ndarray
    name_ends: np.ndarray
    classes: np.ndarray
    class_ends: np.ndarray
    one_label: bool = False

    def __len__(self) -> int:
        return len(self.name_ends)

    def __getitem__(self, index: int | slice) -> dict | PictureTable:
        if isinstance(index, slice):
            return self.select(np.arange(len(self))[index])
        index = range(len(self))[index]
        name = self._between(self.names, self.name_ends, index)[:-1].tobytes().decode()
        label = self._between(self.classes, self.class_ends, index).tolist()
        return {
            'img_id': os.path.normpath(name),
            'img_path': os.path.join(self.folder, name),
            'gt_label': label[0] if self.one_label else label,
        }

    @staticmethod
    def _between(values: np.ndarray, ends: np.ndarray, index: int) -> np.ndarray:
        return values[ends[index - 1] if index else 0 : ends[index]]

    def _names(self) -> Iterator[list[str]]:
        """The names as they are listed, many at a time."""
        start = 0
        for last in range(AT_ONCE, len(self) + AT_ONCE, AT_ONCE):
            end = int(self.name_ends[min(last, len(self)) - 1])
            yield self.names[start:end].tobytes().decode().split('\n')[:-1]
            start = end

    def repeated_ids(self) -> list[str]:
        """As of :class:`PictureItems`; names are compared by their hashes first, which take 8 bytes each."""
        ids = (map(os.path.normpath, names) for names in self._names())
        hashes = np.fromiter(map(hash, chain.from_iterable(ids)), np.int64, len(self))
        ordered = np.sort(hashes)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        suspects = np.flatnonzero(np.isin(hashes, twice)) if len(twice) else ()
        return [i for i, n in Counter(self[k]['img_id'] for k in suspects).items() if n > 1]

    def paths(self) -> Iterator[str]:
        """As of :class:`PictureItems`."""
        lead = os.path.join(self.folder, '')
        for names in self._names():
            if os.sep == '/' and not any(name[0] == '/' for name in names):  # a third of the time
                yield from map(lead.__add__, names)
            else:
                yield from (os.path.join(self.folder, name) for name in names)

    def present(self) -> set[int]:
        """As of :class:`PictureItems`."""
        return set(np.flatnonzero(np.bincount(self.classes)).tolist())

    def select(self, kept: np.ndarray) -> PictureTable:
        """Some of the images, by a mask (N,) or by indices."""
        rows = np.arange(len(self))[kept]
        names, name_ends = _gather(self.names, self.name_ends, rows)
        classes, class_ends = _gather(self.classes, self.class_ends, rows)
        return replace(self, names=names, name_ends=name_ends, classes=classes, class_ends=class_ends)

    def label_numbers(self) -> np.ndarray:
        """As of :class:`PictureItems`."""
        return np.diff(self.class_ends, prepend=0)

    def with_one_label(self) -> PictureTable:
        """As of :class:`PictureItems`."""
        return replace(self, one_label=True)

    def image_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """All labels, as :func:`mmlongtail.structures.image_labels` gives them."""
        return np.repeat(np.arange(len(self)), self.label_numbers()), self.classes.astype(np.int64)


def _gather(values: np.ndarray, ends: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parts of some rows, one after the other, and where they end."""
    starts = ends - (sizes := np.diff(ends, prepend=0))
    parts = [values[:0]]
    for first in range(
        0, len(rows), AT_ONCE
    ):  # an index for each byte of all would take eight times the bytes
        some = rows[first : first + AT_ONCE]
        shift = starts[some] - (np.cumsum(sizes[some]) - sizes[some])
        parts.append(values[np.arange(sizes[some].sum()) + np.repeat(shift, sizes[some])])
    return np.concatenate(parts), np.cumsum(sizes[rows])


class TableBuilder:
    """Collects images for a :class:`PictureTable`."""

    def __init__(self) -> None:
        self.names = bytearray()
        self.name_ends, self.class_numbers, self.classes = array('q'), array('i'), array('i')

    def add(self, names: Iterable[str], classes: Sequence[tuple[int, ...]]) -> None:
        """Take images by their names, none of which has a new line in it, and their class indices."""
        text = '\n'.join([*names, '']).encode()
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == NEW_LINE) + (len(self.names) + 1)
        self.name_ends.frombytes(ends.tobytes())
        self.names += text
        self.classes.extend(chain.from_iterable(classes))
        self.class_numbers.extend(map(len, classes))

    def table(self, folder: str, index_of: np.ndarray | None = None) -> PictureTable:
        """All that were taken.

        Args:
            folder: As of the table.
            index_of: Class indices, (K,), in the place of the given ones; an image's are brought in order then.
        """
        ends = np.cumsum(np.frombuffer(self.class_numbers, np.int32), dtype=np.int64)
        classes = np.frombuffer(self.classes, np.int32)
        if index_of is not None and len(index_of):
            images = np.repeat(np.arange(len(ends)), self.class_numbers)
            keys = images * len(index_of) + index_of[classes]
            keys.sort(kind='stable')
            classes = (keys % len(index_of)).astype(np.int32)
        names = np.frombuffer(self.names, np.uint8)
        return PictureTable(folder, names, np.frombuffer(self.name_ends, np.int64), classes, ends)
