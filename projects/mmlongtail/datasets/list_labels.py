"""The labels in the cells of a list file: one in each, or several with something between them."""

import csv
from collections.abc import Collection

LIST_SEPARATORS = ('|', ';')  # that no name of a class has
COMMA = ','  # that one may have


def split_cell(cell: str, separator: str | None = None, known: Collection[str] | None = None) -> list[str]:
    """Return the labels of a cell, in its order.

    Args:
        cell: What stands in it.
        separator: Between labels; ``''`` takes every cell as one label. None detects: ``|`` and ``;``, a list in square
            brackets, and a comma where all parts are ``known``.
        known: All labels that there may be; None where they are not known.

    Raises:
        ValueError: If the cell may be one name with a comma or a list of names.
    """
    if separator is not None:
        return _parts(cell, separator) if separator else [cell] * bool(cell)
    if known is not None and cell in known:
        return [cell]
    if cell[:1] == '[' and cell[-1:] == ']':
        return _parts_of_list(cell[1:-1])
    for mark in (*LIST_SEPARATORS, COMMA):
        parts = _parts(cell, mark)
        if mark not in cell or (known is not None and not all(part in known for part in parts)):
            continue
        if known is None and mark == COMMA:
            raise ValueError(
                'one name or a list of names? `classes` tells, or label_separator: '
                "',' splits such cells, '' does not"
            )
        return parts
    return [cell] * bool(cell)


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _parts_of_list(text: str) -> list[str]:
    """The entries of a list as Python and JSON write it, without its brackets."""
    quote = '"' if '"' in text else "'"
    try:
        rows = list(csv.reader([text], quotechar=quote, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(f'no list: {error}') from error
    return [part.strip() for row in rows for part in row if part.strip()]


class MarkWatch:
    """Finds out whether labels are a 0 or 1 for each class rather than indices: indices stand once in a row.

    Args:
        num_classes: Labels in each row, where they are marks.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self._only, self._repeated = True, False

    def see(self, labels: Collection[str]) -> None:
        """Look at the labels of a row."""
        if self._only:
            self._only = len(labels) == self.num_classes and set(labels) <= {'0', '1'}
            self._repeated = self._repeated or len(set(labels)) < len(labels)

    @property
    def found(self) -> bool:
        """Whether all rows had nothing but marks."""
        return self._only and self._repeated
