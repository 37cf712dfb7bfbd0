"""A folder of computed features: memory-mapped files that runs share, the least recently used ones making room."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

from mmlongtail.files import NO_SPACE, DiskFullError, written_whole

try:
    import fcntl
except ImportError:  # a system without file locks: runs must not build the same features at once
    fcntl = None

STORAGES = dict(float16=torch.float16, bfloat16=torch.bfloat16, float32=torch.float32)
ON_DISK = dict(float16=np.float16, bfloat16=np.uint16, float32=np.float32)
KEPT_FREE = 2**28  # bytes of the disk that features leave to others
GIB = 2**30


class FeatureFile:
    """Features of N images in V views, (V, N, *shape), in a folder of their own.

    Rows are numbered view after view and written in chunks; which chunks are done is kept beside them. Each process
    opens the file for itself.

    Args:
        folder: Its folder; it holds ``features``, ``done`` and, when it is allocated, ``entry.json``.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        self._maps: dict[str, np.memmap] = {}
        self._pending: list[int] = []

    def __getstate__(self) -> dict:
        return dict(self.__dict__, _maps={})

    @property
    def exists(self) -> bool:
        return (self.folder / 'entry.json').is_file()

    @property
    def is_complete(self) -> bool:
        return self.exists and not self.load().missing()

    def load(self) -> FeatureFile:
        """Read its sizes."""
        about = json.loads((self.folder / 'entry.json').read_text())
        self.views, self.images, self.shape = about['views'], about['images'], tuple(about['shape'])
        self.storage, self.chunk = about['storage'], about['chunk']
        return self

    def allocate(
        self, views: int, images: int, shape: Sequence[int], storage: str, chunk: int, about: dict
    ) -> None:
        """Take the disk space of all features.

        Raises:
            DiskFullError: If the disk has not so much; nothing is left then.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        size = feature_bytes(views, images, shape, storage)
        free = shutil.disk_usage(self.folder).free
        try:
            if free < size + KEPT_FREE:
                raise DiskFullError(
                    f'{self.folder}: the features have {size / GIB:.3g} GiB, but the disk only {free / GIB:.3g} GiB '
                    'free: fewer views, a storage of 16 bits or another folder are needed'
                )
            _reserve(self.folder / 'features', size)
            _reserve(self.folder / 'done', -(-views * images // chunk))
            sizes = dict(views=views, images=images, shape=list(shape), storage=storage, chunk=chunk)
            with written_whole(self.folder / 'entry.json') as file:
                file.write(json.dumps(about | sizes, indent=1).encode())
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.load()

    def _map(self, name: str) -> np.memmap:
        if name not in self._maps:
            shape = (self.views * self.images, *self.shape) if name == 'features' else None
            dtype = ON_DISK[self.storage] if name == 'features' else np.uint8
            self._maps[name] = np.memmap(self.folder / name, dtype, 'r+', shape=shape)
        return self._maps[name]

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not computed yet."""
        return np.flatnonzero(np.asarray(self._map('done')) == 0).tolist()

    def chunk_rows(self, number: int) -> range:
        """The rows of a chunk."""
        return range(number * self.chunk, min((number + 1) * self.chunk, self.views * self.images))

    def write(self, number: int, features: Tensor) -> None:
        """Store a chunk's features, (rows, *shape); :meth:`commit` notes that it is done.

        Raises:
            ValueError: If they are of another shape.
        """
        rows = self.chunk_rows(number)
        if features.shape != (len(rows), *self.shape):
            raise ValueError(
                f'features of shape {tuple(features.shape)}, expected {(len(rows), *self.shape)} as of the first '
                'images: the pipeline must give images of one size'
            )
        stored = features.detach().to(STORAGES[self.storage]).cpu()
        if not stored.isfinite().all():
            raise ValueError(f'storage={self.storage!r} cannot hold the features, expected one that can')
        stored = stored.view(torch.int16) if self.storage == 'bfloat16' else stored
        self._map('features')[rows.start : rows.stop] = stored.numpy().view(ON_DISK[self.storage])
        self._pending.append(number)

    def commit(self) -> None:
        """See to it that what is written survives, then note which chunks are done."""
        self._map('features').flush()
        self._map('done')[self._pending] = 1
        self._map('done').flush()
        self._pending = []

    def read(self, view: int, image: int) -> Tensor:
        """The features of an image in a view, (*shape)."""
        row = torch.from_numpy(np.array(self._map('features')[view * self.images + image]).view(self._signed))
        return row.view(torch.bfloat16) if self.storage == 'bfloat16' else row

    @property
    def _signed(self) -> type:
        return np.int16 if self.storage == 'bfloat16' else ON_DISK[self.storage]


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
                yield path.stat().st_mtime, (path.parent / 'features').stat().st_size, path.parent

    def _remove(self, folder: Path) -> bool:
        with open(self.folder / f'{folder.name}.lock', 'wb') as file:
            if fcntl is not None and not _try_lock(file):
                return False
            print_log(f'removing {folder}, the features that were not used for the longest time', 'current')
            (folder / 'entry.json').unlink()
            shutil.rmtree(folder, ignore_errors=True)
            return True


def feature_bytes(views: int, images: int, shape: Sequence[int], storage: str) -> int:
    """Bytes of N images' features in V views."""
    return views * images * prod(shape) * STORAGES[storage].itemsize


def _reserve(path: Path, size: int) -> None:
    """A file of zeros whose space on the disk is taken: writing to its memory map cannot fail later."""
    with open(path, 'wb') as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except AttributeError:  # a system that has no such call
            file.truncate(size)
        except OSError as error:
            if error.errno in NO_SPACE:
                raise DiskFullError(error.errno, error.strerror, str(path)) from error
            file.truncate(size)  # a file system that has no such call


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
