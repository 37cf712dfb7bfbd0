"""A folder of features that runs share, the least recently used ones making room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mmengine.logging import print_log

from .feature_file import GIB, FeatureFile

try:
    import fcntl
except ImportError:  # a system without file locks: runs must not build the same features at once
    fcntl = None


class FeatureStore:
    """All feature files of a folder.

    Args:
        folder: The folder; it is made.
        limit: Bytes that all of them may have together; None for any number.
    """

    def __init__(self, folder: str | os.PathLike, limit: float | None = None) -> None:
        self.folder, self.limit = Path(folder), limit
        self._held: list[BinaryIO] = []

    def __getitem__(self, key: str) -> FeatureFile:
        return FeatureFile(self.folder / key)

    def hold(self, key: str) -> BinaryIO:
        """Wait until no other run builds these features; while this store lives nobody removes them.

        Returns:
            What :meth:`only` and :meth:`share` take.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = open(self.folder / f'{key}.lock', 'wb')
        self.share(lock)
        self._held.append(lock)
        return lock

    def only(self, lock: BinaryIO) -> None:
        """Wait until no other run uses these features, so that this one may build them."""
        _wait(lock, exclusive=True)

    def share(self, lock: BinaryIO) -> None:
        """Let others use what this run has built."""
        _wait(lock, exclusive=False)

    @contextmanager
    def making(self, key: str) -> Iterator[None]:
        """Be the only one to make the folder of a key, while many may use it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / f'{key}.making', 'wb') as lock:
            self.only(lock)
            yield

    def make_room(self, size: int, key: str) -> None:
        """Remove the least recently used files until ``size`` bytes more keep the limit; those in use stay.

        Raises:
            ValueError: If ``size`` alone is above the limit.
        """
        if self.limit is None:
            return
        if size > self.limit:
            raise ValueError(
                f'limit_gb is {self.limit / GIB:.3g}, expected at least the {size / GIB:.3g} GiB of these features'
            )
        entries = sorted(self._entries(), key=lambda entry: entry[0])
        total = size + sum(entry[1] for entry in entries if entry[2].name != key)
        for _, bytes_of, folder in entries:
            if total <= self.limit:
                break
            if folder.name != key and self._remove(folder):
                total -= bytes_of

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Time of the last use, bytes and folder of each file."""
        for path in self.folder.glob('*/entry.json'):
            with suppress(OSError):
                sizes = [file.stat().st_size for file in path.parent.iterdir()]
                yield path.stat().st_mtime, max(sizes), path.parent

    def _remove(self, folder: Path) -> bool:
        with open(self.folder / f'{folder.name}.lock', 'wb') as file:
            if fcntl is not None and not _try_lock(file):
                return False
            print_log(f'removing {folder}, the features that were not used for the longest time', 'current')
            (folder / 'entry.json').unlink()
            shutil.rmtree(folder, ignore_errors=True)
            return True


def _try_lock(file: BinaryIO, exclusive: bool = True) -> bool:
    """Lock a file, alone or with others, unless someone's lock is in the way."""
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _wait(file: BinaryIO, exclusive: bool) -> None:
    if fcntl is not None and not _try_lock(file, exclusive):
        print_log(f'waiting for another run that builds the features of {file.name}', 'current')
        fcntl.flock(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
