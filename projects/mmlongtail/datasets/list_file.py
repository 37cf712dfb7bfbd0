"""A user's own multi-label data: a CSV or a text list of pictures and their labels."""

import csv
import os
from collections.abc import Iterator

from mmpretrain.registry import DATASETS

from .pictures import PictureDataset, read_lines

PATH_COLUMNS = ('path', 'img_path', 'image_path', 'image', 'file', 'filename', 'file_name')
WHAT = 'a list of pictures and their labels'


@DATASETS.register_module()
class ListFileDataset(PictureDataset):
    """Pictures and labels from a list file, in one of three forms.

    * text: ``path label label …``, separated by white space (so neither may contain any);
    * ``.csv`` without header: ``path,label,label,…``;
    * ``.csv`` with a header ``path,<class>,<class>,…``: a 0 or 1 in each class's column.

    A label is a class name or an index from 0; a picture may have none. Empty lines are passed over.

    Args:
        ann_file: The list, relative to ``data_root``.
        classes: Names of the classes, or a text file with one name a line, relative to ``data_root``. None: the
            header's columns, or the sorted names in the list, if all its labels are names.
        **kwargs: What :class:`PictureDataset` takes; ``data_prefix`` is the folder that the paths are relative to.

    Raises:
        FileNotFoundError: If the list, the file of classes or a picture is missing.
        ValueError: If a label is unknown (file, line and label are named), a picture is listed twice, or classes are
            not unique or cannot be told from the list.
    """

    def __init__(self, ann_file: str, data_root: str = '', classes: str | list[str] | None = None, **kwargs):
        if isinstance(classes, str):
            path = os.path.join(data_root, os.path.expanduser(classes))
            classes = [name for _, name in read_lines(path, 'a list of class names, one a line,')]
        if classes is not None and len(set(classes)) < len(classes):
            raise ValueError(f'classes={classes}: names that are all different are expected')
        super().__init__(ann_file=ann_file, data_root=data_root, classes=classes, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the list file."""
        rows = list(self._rows())
        if self.CLASSES is None:
            self._metainfo['classes'] = self._names_in(rows)
        index_of = {str(k): k for k in range(len(self.CLASSES))} | self.class_to_idx
        return [
            {
                'img_id': os.path.normpath(path),
                'img_path': os.path.join(self.data_prefix['img_path'], path),
                'gt_label': sorted({self._index(label, number, index_of) for label in labels}),
            }
            for number, path, labels in rows
        ]

    def _rows(self) -> Iterator[tuple[int, str, list[str]]]:
        """Yield (line number, path, labels as they stand)."""
        lines = read_lines(self.ann_file, WHAT)
        if not self.ann_file.endswith('.csv'):
            yield from ((number, *split_text(line)) for number, line in lines)
            return
        cells = [
            (number, [cell.strip() for cell in row]) for (number, line) in lines for row in csv.reader([line])
        ]
        if cells and cells[0][1][0].lower() in PATH_COLUMNS:
            yield from self._marked(cells[0][1][1:], cells[1:])
            return
        yield from ((number, row[0], [label for label in row[1:] if label]) for number, row in cells)

    def _marked(
        self, columns: list[str], cells: list[tuple[int, list[str]]]
    ) -> Iterator[tuple[int, str, list[str]]]:
        """Yield the rows of a CSV with one 0/1 column per class."""
        if not columns or len(set(columns)) < len(columns):
            raise ValueError(
                f'{self.ann_file}, line 1: columns {columns}: different names of classes are expected'
            )
        self._metainfo.setdefault('classes', tuple(columns))
        for number, (path, *marks) in cells:
            if len(marks) != len(columns) or not set(marks) <= {'0', '1'}:
                raise ValueError(
                    f'{self.ann_file}, line {number}: {marks}: {len(columns)} marks 0 or 1 are expected'
                )
            yield number, path, [name for name, mark in zip(columns, marks) if mark == '1']

    def _names_in(self, rows: list[tuple[int, str, list[str]]]) -> tuple[str, ...]:
        for number, _, labels in rows:
            if any(is_index(label) for label in labels):
                raise ValueError(
                    f'{self.ann_file}, line {number}: labels {labels} have an index, so `classes` is expected: '
                    'a list of names or a text file with one name a line'
                )
        return tuple(sorted({label for _, _, labels in rows for label in labels}))

    def _index(self, label: str, number: int, index_of: dict[str, int]) -> int:
        if label not in index_of:
            raise ValueError(
                f'{self.ann_file}, line {number}: unknown label {label!r}, expected one of {self.CLASSES} '
                f'or an index from 0 to {len(self.CLASSES) - 1}'
            )
        return index_of[label]


def split_text(line: str) -> tuple[str, list[str]]:
    """Split a line of the text form into path and labels."""
    path, *labels = line.split()
    return path, labels


def is_index(label: str) -> bool:
    """Say whether a label is a whole number."""
    return label.lstrip('+-').isdigit()
