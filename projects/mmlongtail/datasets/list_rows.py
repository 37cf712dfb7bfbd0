"""The rows of a list file: which character separates its cells, what its header says, what a cell of labels holds."""

import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

from .text_file import line_blocks, short

PATH_COLUMNS = (
    *('path', 'img_path', 'image_path', 'file_path', 'filepath', 'image', 'images', 'img', 'picture'),
    *('file', 'filename', 'file_name', 'image_name', 'img_name', 'image_id', 'image_index'),
)
LABEL_COLUMNS = ('label', 'labels', 'class', 'classes', 'class_name', 'tag', 'tags', 'target', 'category')
SEPARATORS = (',', ';', '\t', '|')
WHITE_SPACE = ' '
WHAT = 'a list of images and their labels'
Cells = tuple[str, ...]
Block = tuple[Sequence[int], list[list[str]]]  # line numbers from 1, cells


class Rows(NamedTuple):
    """Some images of a list.

    Args:
        numbers: Lines, from 1.
        names: The images as they are named.
        cells: What follows each in its line: labels as they stand, names, indices, several in a cell, or marks.
    """

    numbers: Sequence[int]
    names: list[str]
    cells: list[Cells]


def read_rows(
    path: str, separator: str | None = None, classes: Collection[str] = ()
) -> tuple[Iterator[Rows], list[str] | None]:
    """Read a list file, some thousands of lines at a time.

    Args:
        path: The file.
        separator: Between cells, see :func:`detect_separator`; None detects it.
        classes: Names of classes that are known: a column of that name is no column of labels.

    Returns:
        The rows, which may raise as they are read, and the names of the columns of marks where it has such.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it is no text, a quote is not closed, a cell is longer than Python's csv reads, a row names no
            image, or columns of marks have equal names.
    """
    blocks = _blocks(path, separator)
    numbers, rows = next(blocks, ((), []))
    columns = None
    if rows and _plain(rows[0][0].strip()) in PATH_COLUMNS:
        columns = [cell.strip() for cell in rows[0][1:]]
        if len(columns) == 1 and _plain(columns[0]) in LABEL_COLUMNS and columns[0] not in classes:
            columns = None
        else:
            _check_columns(path, columns)
        numbers, rows = numbers[1:], rows[1:]
    return _rows(path, chain([(numbers, rows)], blocks)), columns


def _rows(path: str, blocks: Iterable[Block]) -> Iterator[Rows]:
    for numbers, rows in blocks:
        names = [row[0].strip() for row in rows]
        if '' in names:
            number = numbers[names.index('')]
            raise ValueError(f'{path}, line {number}: the path of an image is expected first')
        yield Rows(numbers, names, [tuple(row[1:]) for row in rows])


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


def _blocks(path: str, separator: str | None) -> Iterator[Block]:
    for numbers, lines in line_blocks(path, WHAT):
        if separator is None:
            separator = detect_separator(lines[0], os.path.splitext(path)[1].lower() in ('.csv', '.tsv'))
        if separator == WHITE_SPACE:
            yield numbers, [line.split() for line in lines]
        else:
            yield numbers, _read_csv(path, separator, numbers, lines)


def _read_csv(path: str, separator: str, numbers: Sequence[int], lines: list[str]) -> list[list[str]]:
    """The cells of lines, each of which is a row of its own; there may be white space behind a cell."""
    form: dict[str, Any] = dict(delimiter=separator, strict=True, skipinitialspace=True)
    with suppress(csv.Error):
        rows = list(csv.reader(lines, **form))
        if len(rows) == len(lines):
            return rows
    rows = []  # a quote is not closed, or it is in the line after: each line by itself tells which
    for number, line in zip(numbers, lines):
        try:
            rows += csv.reader([line], **form)
        except csv.Error as error:
            raise ValueError(f'{path}, line {number}: {short(line)}: {error}') from error
    return rows


def _check_columns(path: str, columns: list[str]) -> None:
    """Refuse names that are not those of one 0/1 column per class."""
    if not all(columns) or not columns or len(set(columns)) < len(columns):
        raise ValueError(
            f'{path}, line 1: columns {short(columns)}: different names of classes are expected after a first column '
            f'{"/".join(PATH_COLUMNS[:3])}…, or one column {"/".join(LABEL_COLUMNS[:2])}'
        )


def _plain(name: str) -> str:
    return name.lower().replace(' ', '_').replace('-', '_')
