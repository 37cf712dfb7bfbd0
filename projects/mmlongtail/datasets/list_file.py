"""A user's own multi-label data: a CSV or a text list of images and their labels."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from mmpretrain.registry import DATASETS

from mmlongtail.structures import checks

from .fingerprints import file_mark, fingerprint
from .list_classes import LabelReader
from .list_rows import PATH_COLUMNS, SEPARATORS, WHAT, WHITE_SPACE, Rows, read_rows
from .picture_table import PictureTable, TableBuilder
from .pictures import PictureDataset
from .table_store import stored_table
from .text_file import check_exists, read_lines, short


@DATASETS.register_module()
class ListFileDataset(PictureDataset):
    """Images and labels from a list file, in one of four forms.

    * text: ``path label label …``, separated by white space (so neither may contain any);
    * ``.csv`` without header: ``path,label,label,…``;
    * ``.csv`` with a header ``path,<class>,<class>,…``: a 0 or 1 in each class's column;
    * ``.csv`` with a header ``path,labels``: one label in a row, or several in a cell, like ``cat|dog``.

    A label is a class name or an index from 0; an image may have none. Empty lines are passed over.

    Args:
        ann_file: The list, relative to ``data_root``.
        classes: Names of the classes, or a text file with one name a line, relative to ``data_root``. None: the
            header's columns, or the sorted names in the list, if all its labels are names.
        separator: Between the path and the labels: ``','``, ``';'``, ``'|'``, a tab, or ``' '`` for any white space.
            None: what follows the path in the first line.
        label_separator: Between several labels in one cell; ``''`` takes every cell as one label. None: ``|``, ``;``, a
            list in square brackets, and a comma where ``classes`` are given and all parts are some of them.
        list_cache: A folder that keeps what was read of the list: the first process reads, the other ranks of its
            machine and later runs map it into their memory, all of them the same pages. A changed list or setting
            makes a new entry, and the old one stays until it is deleted. None reads the list in each process.
        **kwargs: What :class:`PictureDataset` takes; ``data_prefix`` is the folder that the paths are relative to.

    Raises:
        FileNotFoundError: If the list, the file of classes or an image is missing.
        ValueError: If a label is unknown (file, line and label are named), an image is listed twice, classes are
            not unique or cannot be told from the list, or it is not clear whether a line is a header, a cell a list or
            a number a mark.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        classes: str | list[str] | None = None,
        separator: str | None = None,
        label_separator: str | None = None,
        list_cache: str | None = None,
        **kwargs,
    ):
        if separator not in (None, *SEPARATORS, WHITE_SPACE):
            raise ValueError(
                f'separator={separator!r}: None or one of {(*SEPARATORS, WHITE_SPACE)} is expected'
            )
        if isinstance(classes, str):
            path = os.path.join(data_root, os.path.expanduser(classes))
            classes = read_class_names(path)
        elif classes is not None and len(set(classes)) < len(classes):
            raise ValueError(f'classes={short(classes)}: names that are all different are expected')
        self.separator, self.label_separator = separator, label_separator
        self.list_cache = checks.text('list_cache', list_cache, optional=True)
        super().__init__(ann_file=ann_file, data_root=data_root, classes=classes, **kwargs)

    def load_data_list(self) -> PictureTable:
        """Read the list file, or what was kept of it."""
        self.serialize_data = False  # a table has flat arrays already
        if self.list_cache is None:
            table, classes = self._read()
        else:
            check_exists(self.ann_file, WHAT)
            settings = (self.CLASSES, self.separator, self.label_separator, self.data_prefix['img_path'])
            key = f'list-{fingerprint(file_mark(self.ann_file), *settings)}'
            table, classes = stored_table(self.list_cache, key, self._read)
        self._metainfo['classes'] = classes
        return table

    def _read(self) -> tuple[PictureTable, tuple[str, ...]]:
        """The images, and the names of the classes."""
        blocks, columns = read_rows(self.ann_file, self.separator, self.CLASSES or ())
        classes = columns if self.CLASSES is None else self.CLASSES
        reader = LabelReader(self.ann_file, classes, columns, self.label_separator)
        images, index_of = TableBuilder(), None
        with collector_paused():
            for rows in blocks:
                if not images.names:
                    self._check_first(rows)
                images.add(rows.names, reader.read(rows))
        reader.check()
        if classes is None:
            classes, index_of = reader.collected()
        return images.table(self.data_prefix['img_path'], index_of), tuple(classes)

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> PictureTable:
        """The host's, which would make a dict of each image."""
        if isinstance(indices, int):
            return self.data_list[:indices] if indices >= 0 else self.data_list[indices:]
        return self.data_list.select(np.asarray(indices, np.int64))

    def _check_first(self, rows: Rows) -> None:
        """Refuse a header that is none of those known: its image has no suffix and is not there."""
        suffixes = [os.path.splitext(name)[1] for name in rows.names[:2]]
        if len(suffixes) < 2 or suffixes[0] or not suffixes[1]:
            return
        if not os.path.exists(os.path.join(self.data_prefix['img_path'], rows.names[0])):
            raise ValueError(
                f'{self.ann_file}, line {rows.numbers[0]}: {short(rows.names[0])} looks like a header: the first '
                f'column of one is expected to be called one of {", ".join(PATH_COLUMNS)}'
            )


@contextmanager
def collector_paused() -> Iterator[None]:
    """Spare the garbage collector millions of small lists, in which it finds nothing: a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read_class_names(path: str) -> list[str]:
    """Return the names in a text file of one a line.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it has no names, or one twice.
    """
    first: dict[str, int] = {}
    for number, name in read_lines(path, 'a list of class names, one a line,'):
        if first.setdefault(name, number) < number:
            raise ValueError(
                f'{path}, line {number}: {short(name)} is the class of line {first[name]}: names that are all '
                'different are expected'
            )
    if not first:
        raise ValueError(f'{path} is empty: a class name on each line is expected')
    return list(first)
