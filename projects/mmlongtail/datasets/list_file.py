"""A user's own multi-label data: a CSV or a text list of images and their labels."""

import os

from mmpretrain.registry import DATASETS

from .list_labels import look_like_marks, split_cell
from .list_rows import PATH_COLUMNS, SEPARATORS, WHITE_SPACE, Row, read_rows
from .pictures import PictureDataset
from .text_file import read_lines, short, some_of


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
        super().__init__(ann_file=ann_file, data_root=data_root, classes=classes, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the list file."""
        rows, columns = read_rows(self.ann_file, self.separator, self.CLASSES or ())
        self._check_first(rows)
        if columns is not None:
            self._metainfo.setdefault('classes', tuple(columns))
        elif self.CLASSES is None:
            self._metainfo['classes'] = self._names_in(rows)
        index_of = {str(k): k for k in range(len(self.CLASSES))} | self.class_to_idx
        if columns is None and look_like_marks((row.labels for row in rows), len(self.CLASSES)):
            raise ValueError(
                f'{self.ann_file}: {len(self.CLASSES)} labels 0 or 1 in each line: indices, each once in a line, are '
                'expected; for marks a first line path,<class>,<class>,…'
            )
        return [self._item(row, index_of, columns is not None) for row in rows]

    def _check_first(self, rows: list[Row]) -> None:
        """Refuse a header that is none of those known: its image has no suffix and is not there."""
        if len(rows) < 2 or os.path.splitext(rows[0].path)[1] or not os.path.splitext(rows[1].path)[1]:
            return
        if not os.path.exists(self._picture(rows[0])):
            raise ValueError(
                f'{self.ann_file}, line {rows[0].number}: {short(rows[0].path)} looks like a header: the first column '
                f'of one is expected to be called one of {", ".join(PATH_COLUMNS)}'
            )

    def _item(self, row: Row, index_of: dict[str, int], plain: bool) -> dict:
        labels = row.labels if plain else self._split(row, index_of)
        return {
            'img_id': os.path.normpath(row.path),
            'img_path': self._picture(row),
            'gt_label': sorted({self._index(label, row.number, index_of) for label in labels}),
        }

    def _picture(self, row: Row) -> str:
        return os.path.join(self.data_prefix['img_path'], row.path)

    def _split(self, row: Row, index_of: dict[str, int] | None = None) -> list[str]:
        labels = []
        for cell in row.labels:
            try:
                labels += split_cell(cell, self.label_separator, index_of)
            except ValueError as error:
                raise ValueError(f'{self.ann_file}, line {row.number}: {short(cell)}: {error}') from error
        return labels

    def _names_in(self, rows: list[Row]) -> tuple[str, ...]:
        names = set()
        for row in rows:
            labels = self._split(row)
            if any(is_index(label) for label in labels):
                raise ValueError(
                    f'{self.ann_file}, line {row.number}: labels {short(labels)} have an index, so `classes` is '
                    'expected: a list of names or a text file with one name a line'
                )
            names.update(labels)
        if not names:
            raise ValueError(
                f'{self.ann_file} has no label in it: names of classes are expected, or `classes`'
            )
        return tuple(sorted(names))

    def _index(self, label: str, number: int, index_of: dict[str, int]) -> int:
        if label not in index_of:
            raise ValueError(
                f'{self.ann_file}, line {number}: unknown label {short(label)}, expected one of '
                f'{some_of(list(self.CLASSES))} or an index from 0 to {len(self.CLASSES) - 1}'
            )
        return index_of[label]


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


def is_index(label: str) -> bool:
    """Say whether a label is a whole number."""
    return label.lstrip('+-').isdecimal()
