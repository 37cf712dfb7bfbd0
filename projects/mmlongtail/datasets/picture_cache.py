"""Decoded images of a data set on disk, memory-mapped, shared by workers, ranks and runs."""

from __future__ import annotations

import functools
import json
import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from mmlongtail.files import DamagedFileError

from .feature_file import take_space

RECORD = np.dtype(
    [('start', '<i8'), ('room', '<i8'), ('shape', '<i4', 3), ('ori_shape', '<i4', 2), ('check', '<u4')]
)
WORDS = 'the decoded images have {}: a smaller short_side or another folder is needed'


@dataclass(frozen=True)
class PictureCache:
    """Decoded images in a folder; each process opens it for itself, and any of them may write any image.

    An image's pixels and, after them, its record are written at once; its checksum is compared when a process reads it
    for the first time, so that what a crash left half written counts as missing.

    Args:
        folder: Holds ``pixels``, ``records`` and ``entry.json``.
    """

    folder: Path

    def allocate(self, rooms: Sequence[int], about: dict) -> None:
        """Take the disk space of all images.

        Args:
            rooms: Bytes that each image may take, 0 for one that is not to be stored.
            about: What ``entry.json`` says besides.

        Raises:
            DiskFullError: If the disk has not so much; nothing is left then.
        """
        records = np.zeros(len(rooms), RECORD)
        records['room'] = rooms
        records['start'] = np.cumsum(rooms) - rooms
        sizes = dict(pixels=max(1, int(np.sum(rooms))))
        about = dict(about, images=len(rooms), pixels=sizes['pixels'])
        take_space(self.folder, sizes, about, WORDS, records=records.tobytes())
        _opened.cache_clear()

    @property
    def exists(self) -> bool:
        return (self.folder / 'entry.json').is_file()

    def check(self, images: int) -> None:
        """Compare the files' sizes with what they were made with.

        Raises:
            DamagedFileError: If they differ.
        """
        try:
            about = json.loads((self.folder / 'entry.json').read_text())
            sizes = dict(pixels=about['pixels'], records=images * RECORD.itemsize)
            found = {name: (self.folder / name).stat().st_size for name in sizes}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedFileError(f'{self.folder} is damaged: {error!r}') from error
        if found != sizes:
            raise DamagedFileError(
                f'{self.folder} is damaged: its files have {found} bytes, expected {sizes}'
            )

    def count(self) -> int:
        """How many images are stored."""
        return int(np.count_nonzero(_opened(self.folder).records['shape'][:, 0]))

    def read(self, index: int) -> tuple[np.ndarray, tuple[int, int]] | None:
        """An image, (H, W, C) or (H, W) uint8, and the shape in its file; None if it is not stored."""
        opened = _opened(self.folder)
        record = opened.records[index]
        height, width, channels = record['shape'].tolist()
        if height == 0:
            return None
        start, size = int(record['start']), height * width * max(1, channels)
        pixels = np.array(opened.pixels[start : start + size])
        if not opened.seen[index]:
            if pixels.size != size or zlib.crc32(pixels) != record['check']:
                print_log(
                    f'{self.folder}: image {index} is damaged and is decoded anew', 'current', logging.WARNING
                )
                return None
            opened.seen[index] = True
        shape = (height, width, channels) if channels else (height, width)
        return pixels.reshape(shape), tuple(record['ori_shape'].tolist())

    def write(self, index: int, img: np.ndarray, ori_shape: tuple[int, int]) -> bool:
        """Store an image, if it is uint8 and fits into its room; say whether."""
        opened = _opened(self.folder)
        record = opened.records[index]
        if img.dtype != np.uint8 or img.nbytes > record['room']:
            return False
        pixels, start = np.ascontiguousarray(img).reshape(-1), int(record['start'])
        opened.pixels[start : start + pixels.size] = pixels
        record['ori_shape'], record['check'] = ori_shape, zlib.crc32(pixels)
        record['shape'] = (*img.shape, 0)[:3]
        return True


class _Opened:
    """The memory maps of a process, and which images it has compared with their checksums."""

    def __init__(self, folder: Path) -> None:
        self.pixels = np.memmap(folder / 'pixels', np.uint8, 'r+')
        self.records = np.memmap(folder / 'records', RECORD, 'r+')
        self.seen = np.zeros(len(self.records), bool)


_opened = functools.lru_cache(maxsize=None)(_Opened)
