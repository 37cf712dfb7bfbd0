"""The rows of a list file: which character separates its cells, what its header says, what a cell of labels holds."""

import csv
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .text_file import read_lines, short

PATH_COLUMNS = (
    *('path', 'img_path', 'image_path', 'file_path', 'filepath', 'image', 'images', 'img', 'picture'),
    *('file', 'filename', 'file_name', 'image_name', 'img_name', 'image_id', 'image_index'),
)
LABEL_COLUMNS = ('label', 'labels', 'class', 'classes', 'class_name', 'tag', 'tags', 'target', 'category')
SEPARATORS = (',', ';', '\t', '|')
WHITE_SPACE = ' '
WHAT = 'a list of images and their labels'
Cells = list[tuple[int, list[str]]]  # line numbers from 1, cells


@dataclass(frozen=True)
class Row:
    """One image of a list.

    Args:
        number: Line, from 1.
        path: Image as it is named.
        labels: Its labels as they stand: names, indices, or several in a cell.
    """

    number: int
    path: str
    labels: list[str]


def read_rows(
    path: str, separator: str | None = None, classes: Collection[str] = ()
) -> tuple[list[Row], list[str] | None]:
    """Read a list file.

    Args:
        path: The file.
        separator: Between cells, see :func:`detect_separator`; None detects it.
        classes: Names of classes that are known: a column of that name is no column of labels.

    Returns:
        The rows, and the names of the columns of marks where it has such.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it is no text, a quote is not closed, a cell is longer than Python's csv reads, a row names no
            image, or columns of marks have equal names or hold something else than 0 and 1.
    """
    cells = _cells(path, separator)
    unnamed = next((number for number, row in cells if not row or not row[0]), None)
    if unnamed is not None:
        raise ValueError(f'{path}, line {unnamed}: the path of an image is expected first')
    if not cells or _plain(cells[0][1][0]) not in PATH_COLUMNS:
        return [Row(number, row[0], row[1:]) for number, row in cells], None
    columns, rows = cells[0][1][1:], cells[1:]
    if len(columns) == 1 and _plain(columns[0]) in LABEL_COLUMNS and columns[0] not in classes:
        return [Row(number, row[0], row[1:]) for number, row in rows], None
    return list(_marked(path, columns, rows)), columns


def detect_separator(line: str, is_csv: bool) -> str:
    """Tell what separates the cells: the first separator after the path, which stands first; else white space.

    Args:
        line: The first line of the list.
        is_csv: Whether the file calls itself a CSV, where white space separates nothing.
    """
    if not is_csv and len(line.split()) > 1:
        return WHITE_SPACE
    unquoted = re.sub('"[^"]*"', '', line)
    found = next((character for character in unquoted if character in SEPARATORS), None)
    return found or (',' if is_csv else WHITE_SPACE)


def _cells(path: str, separator: str | None) -> Cells:
    lines = read_lines(path, WHAT)
    if separator is None and lines:
        separator = detect_separator(lines[0][1], os.path.splitext(path)[1].lower() in ('.csv', '.tsv'))
    if separator == WHITE_SPACE:
        return [(number, line.split()) for number, line in lines]
    cells = []
    for number, line in lines:
        try:
            (row,) = csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True)
        except csv.Error as error:
            raise ValueError(f'{path}, line {number}: {short(line)}: {error}') from error
        cells.append((number, [cell.strip() for cell in row]))
    return cells


def _marked(path: str, columns: list[str], cells: Cells) -> Iterator[Row]:
    """Yield the rows of a list with one 0/1 column per class."""
    if not all(columns) or not columns or len(set(columns)) < len(columns):
        raise ValueError(
            f'{path}, line 1: columns {short(columns)}: different names of classes are expected after a first column '
            f'{"/".join(PATH_COLUMNS[:3])}…, or one column {"/".join(LABEL_COLUMNS[:2])}'
        )
    for number, (picture, *marks) in cells:
        if len(marks) != len(columns):
            raise ValueError(
                f'{path}, line {number}: {len(marks)} marks {short(marks)}: {len(columns)} are expected, a 0 or 1 for '
                'each class of the header'
            )
        wrong = next((k for k, mark in enumerate(marks) if mark not in ('0', '1')), None)
        if wrong is not None:
            raise ValueError(
                f'{path}, line {number}, column {short(columns[wrong])}: {short(marks[wrong])}: 0 or 1 is expected, '
                'for line 1 is a header with a column for each class'
            )
        yield Row(number, picture, [name for name, mark in zip(columns, marks) if mark == '1'])


def _plain(name: str) -> str:
    return name.lower().replace(' ', '_').replace('-', '_')
