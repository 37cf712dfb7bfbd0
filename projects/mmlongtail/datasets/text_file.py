"""Files of text that a user names: lines and JSON, read with errors that name the file."""

import json
import os
import re
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMED_AT_MOST = 20
AT_ONCE = 1 << 20  # bytes
NOT_TEXT = re.compile('[\0\ud800-\udfff]')  # half characters come from JSON's \\u escapes

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def read_lines(path: str, what: str) -> list[tuple[int, str]]:
    """Return (line number from 1, stripped text) of the non-empty lines of a text file in UTF-8.

    Raises:
        FileNotFoundError: If it is missing; ``what`` says what it should be.
        ValueError: If it is not text.
    """
    return [line for numbers, lines in line_blocks(path, what) for line in zip(numbers, lines)]


def line_blocks(path: str, what: str) -> Iterator[tuple[Sequence[int], list[str]]]:
    """Yield what :func:`read_lines` returns, the numbers and the texts of about a megabyte at a time."""
    check_exists(path, what)
    first = 1
    try:
        with open(path, encoding='utf-8-sig') as file:
            while lines := file.readlines(AT_ONCE):
                lines = [line.strip() for line in lines]
                if any('\0' in line for line in lines):
                    raise ValueError(f'{path} is not a text file, it has zero bytes: {what} is expected')
                numbers: Sequence[int] = range(first, first + len(lines))
                first += len(lines)
                if not all(lines):
                    numbers = [number for number, line in zip(numbers, lines) if line]
                    lines = list(filter(None, lines))
                if lines:
                    yield numbers, lines
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file in UTF-8: {what} is expected') from error


def read_json(path: str, what: str) -> Any:
    """Return the content of a JSON file.

    Raises:
        FileNotFoundError: If it is missing; ``what`` says what it should be.
        ValueError: If it is not JSON, cut off, nested too deep, or an object has a key twice.
    """
    check_exists(path, what)
    try:
        return json.loads(Path(path).read_bytes(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{path} is no JSON file, or not a whole one ({error}): {what} is expected'
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'{short(repeated)} stands twice in one object')
    return content


def check_exists(path: str, what: str) -> None:
    """Raise FileNotFoundError where there is no file; ``what`` says what it should be."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path} is missing: {what} is expected there')


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Name a file in the errors of the system that name none, like a full disk's."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.strerror is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def some_of(names: list[str]) -> str:
    """Join names for a message, at most ``NAMED_AT_MOST`` of them."""
    more = len(names) - NAMED_AT_MOST
    return ', '.join(names[:NAMED_AT_MOST]) + (f' and {more} more' if more > 0 else '')


def short(value: Any) -> str:
    """Show a value in a message, cut where it is long."""
    return _SHORT.repr(value)
