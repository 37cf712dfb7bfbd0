"""Features of a data set's images on disk, memory-mapped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmlongtail.files import NO_SPACE, DiskFullError, written_whole

STORAGES = dict(float16=torch.float16, bfloat16=torch.bfloat16, float32=torch.float32)
ON_DISK = dict(float16=np.float16, bfloat16=np.int16, float32=np.float32)
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
        sizes = dict(views=views, images=images, shape=list(shape), storage=storage, chunk=chunk)
        done = -(-views * images // chunk)
        take_space(
            self.folder,
            dict(features=feature_bytes(views, images, shape, storage), done=done),
            about | sizes,
            'the features have {}: fewer views, a storage of 16 bits or another folder are needed',
        )
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
        self._map('features')[rows.start : rows.stop] = stored.numpy()
        self._pending.append(number)

    def commit(self) -> None:
        """See to it that what is written survives, then note which chunks are done."""
        self._map('features').flush()
        self._map('done')[self._pending] = 1
        self._map('done').flush()
        self._pending = []

    def read(self, view: int, image: int) -> Tensor:
        """The features of an image in a view, (*shape)."""
        row = torch.from_numpy(np.array(self._map('features')[view * self.images + image]))
        return row.view(torch.bfloat16) if self.storage == 'bfloat16' else row


def feature_bytes(views: int, images: int, shape: Sequence[int], storage: str) -> int:
    """Bytes of N images' features in V views."""
    return views * images * prod(shape) * STORAGES[storage].itemsize


def take_space(folder: Path, sizes: dict[str, int], about: dict, words: str, **contents: bytes) -> None:
    """Make a folder anew with files of zeros, whose disk space is taken, and at last ``entry.json``.

    Args:
        folder: The folder.
        sizes: Names and bytes of the files of zeros.
        about: What ``entry.json`` says.
        words: Of the error, with a place for the numbers.
        **contents: Names and contents of further files.

    Raises:
        DiskFullError: If the disk has not so much; nothing is left then.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    size, free = next(iter(sizes.values())), shutil.disk_usage(folder).free
    try:
        if free < size + KEPT_FREE:
            numbers = f'{size / GIB:.3g} GiB, but the disk only {free / GIB:.3g} GiB free'
            raise DiskFullError(f'{folder}: {words.format(numbers)}')
        for name, bytes_of in sizes.items():
            _reserve(folder / name, bytes_of)
        for name, content in (contents | {'entry.json': json.dumps(about, indent=1).encode()}).items():
            with written_whole(folder / name) as file:
                file.write(content)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


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
