"""What a list says, kept in a folder: the ranks of a machine and later runs map it into their memory together."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from mmlongtail.files import DamagedFileError, written_whole

from .feature_store import FeatureStore
from .picture_table import PictureTable

ARRAYS = ('names', 'name_ends', 'classes', 'class_ends')
Listed = tuple[PictureTable, tuple[str, ...]]


def stored_table(folder: str | os.PathLike, key: str, read: Callable[[], Listed]) -> Listed:
    """Return a table and the names of its classes; of all processes that ask at once, one reads and the others wait.

    Args:
        folder: Holds the tables; it is made.
        key: Name of this one, which no other list may have.
        read: Reads it, where the folder does not have it, or not a whole one.

    Returns:
        The table, whose arrays are mapped read-only, so that the machine has them once, and the names.

    Raises:
        DiskFullError: If it does not fit on the disk.
    """
    store = FeatureStore(folder)
    place = store.folder / key
    with store.making(key):
        if (place / 'entry.json').is_file():
            try:
                return _load(place)
            except DamagedFileError as error:
                print_log(f'{error}; it is made anew', 'current', logging.WARNING)
        listed = read()
        if not len(listed[0]):
            return listed
        _save(place, *listed)
        return _load(place)


def _save(place: Path, table: PictureTable, classes: tuple[str, ...]) -> None:
    """Write it; ``entry.json`` comes last and says that all of it is there."""
    place.mkdir(exist_ok=True)
    (place / 'entry.json').unlink(missing_ok=True)
    for name in ARRAYS:
        with written_whole(place / f'{name}.npy') as file:
            np.save(file, getattr(table, name))
    with written_whole(place / 'entry.json') as file:
        file.write(json.dumps(dict(folder=table.folder, classes=classes)).encode())


def _load(place: Path) -> Listed:
    try:
        about = json.loads((place / 'entry.json').read_bytes())
        arrays = {name: np.asarray(np.load(place / f'{name}.npy', mmap_mode='r')) for name in ARRAYS}
        table, classes = PictureTable(about['folder'], **arrays), tuple(about['classes'])
        sizes = [len(table.class_ends), *(int(ends[-1]) for ends in (table.name_ends, table.class_ends))]
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedFileError(f'{place} is damaged: {error!r}') from error
    if sizes != [len(table), len(table.names), len(table.classes)]:
        raise DamagedFileError(f'{place} is damaged: its arrays do not fit together')
    return table, classes
