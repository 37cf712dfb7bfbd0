"""The classes that the lines of a list file name, as indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .list_labels import MarkWatch, split_cell
from .list_rows import Cells, Rows
from .text_file import short, some_of

REMEMBERED = 1 << 17  # different cells
BAR = '|'


class LabelReader:
    """Turns the cells of lines into class indices; equal cells are read once.

    Args:
        path: The list, for errors.
        classes: Names of the classes; None collects them from the list.
        columns: Names of the columns of marks, where it has such.
        separator: Between labels in a cell, see :func:`split_cell`.
    """

    def __init__(
        self,
        path: str,
        classes: Sequence[str] | None,
        columns: Sequence[str] | None = None,
        separator: str | None = None,
    ) -> None:
        self.path, self.classes, self.columns, self.separator = path, classes, columns, separator
        self._index_of: dict[str, int] = {}
        if classes is not None:
            numbers = {str(k): k for k in range(len(classes))}
            self._index_of = numbers | {name: k for k, name in enumerate(classes)}
        self._marks = MarkWatch(len(classes or ()))
        self._is_usual = columns is None and separator in (None, BAR) and '' not in self._index_of
        self._known: dict[Cells, tuple[int, ...]] = {}

    def read(self, rows: Rows) -> list[tuple[int, ...]]:
        """Class indices of each image: ascending, or of :meth:`collected` in any order.

        Raises:
            ValueError: If a label is unknown, a cell unclear, or something else than a mark stands in its column; file
                and line are named.
        """
        found = []
        for number, cells in zip(rows.numbers, rows.cells):
            indices = self._known.get(cells)
            if indices is None:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                indices = self._of_names(cells) if self._is_usual else None
                if indices is None:
                    indices = self._indices([cell.strip() for cell in cells], number)
                self._known[cells] = indices
            found.append(indices)
        return found

    def collected(self) -> tuple[tuple[str, ...], np.ndarray]:
        """The names in the list, sorted, and the index among them of each index that was given.

        Raises:
            ValueError: If there is none.
        """
        if not self._index_of:
            raise ValueError(f'{self.path} has no label in it: names of classes are expected, or `classes`')
        names = tuple(sorted(self._index_of))
        order = [self._index_of[name] for name in names]
        return names, np.argsort(order)

    def check(self) -> None:
        """Refuse marks without a header, once all lines are read.

        Raises:
            ValueError: If the labels are marks.
        """
        if self.classes is not None and self.columns is None and self._marks.found:
            raise ValueError(
                f'{self.path}: {len(self.classes)} labels 0 or 1 in each line: indices, each once in a line, are '
                'expected; for marks a first line path,<class>,<class>,…'
            )

    def _of_names(self, cells: Cells) -> tuple[int, ...] | None:
        """What :meth:`_indices` tells of one cell of known names with bars between them, in 0.6 of the time."""
        cell = cells[0] if len(cells) == 1 else ''
        if BAR not in cell or cell in self._index_of or cell[0] == '[':
            return None
        try:
            indices = {self._index_of[label] for label in cell.split(BAR)}
        except KeyError:
            return None
        self._marks.see(cells)
        return tuple(sorted(indices))

    def _indices(self, cells: list[str], number: int) -> tuple[int, ...]:
        if self.columns is not None:
            labels = self._marked(cells, number)
        else:
            self._marks.see(cells)
            labels = self._split(cells, number)
        if self.classes is not None:
            return tuple(sorted({self._index(label, number) for label in labels}))
        if any(is_index(label) for label in labels):
            raise ValueError(
                f'{self.path}, line {number}: labels {short(labels)} have an index, so `classes` is '
                'expected: a list of names or a text file with one name a line'
            )
        return tuple({self._index_of.setdefault(label, len(self._index_of)) for label in labels})

    def _marked(self, marks: list[str], number: int) -> list[str]:
        columns = self.columns or ()
        if len(marks) != len(columns):
            raise ValueError(
                f'{self.path}, line {number}: {len(marks)} marks {short(marks)}: {len(columns)} are expected, a 0 or 1 '
                'for each class of the header'
            )
        wrong = next((k for k, mark in enumerate(marks) if mark not in ('0', '1')), None)
        if wrong is not None:
            raise ValueError(
                f'{self.path}, line {number}, column {short(columns[wrong])}: {short(marks[wrong])}: 0 or 1 is '
                'expected, for line 1 is a header with a column for each class'
            )
        return [name for name, mark in zip(columns, marks) if mark == '1']

    def _split(self, cells: list[str], number: int) -> list[str]:
        labels: list[str] = []
        for cell in cells:
            try:
                labels += split_cell(
                    cell, self.separator, None if self.classes is None else self._index_of.keys()
                )
            except ValueError as error:
                raise ValueError(f'{self.path}, line {number}: {short(cell)}: {error}') from error
        return labels

    def _index(self, label: str, number: int) -> int:
        if label not in self._index_of:
            names = list(self.classes or ())
            raise ValueError(
                f'{self.path}, line {number}: unknown label {short(label)}, expected one of '
                f'{some_of(names)} or an index from 0 to {len(names) - 1}'
            )
        return self._index_of[label]


def is_index(label: str) -> bool:
    """Say whether a label is a whole number."""
    return label.lstrip('+-').isdecimal()
