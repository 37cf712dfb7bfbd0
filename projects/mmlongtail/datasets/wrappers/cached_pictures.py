"""A data set whose images are decoded and resized once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from mmcv.transforms import LoadImageFromFile
from mmengine.logging import print_log
from mmpretrain.datasets import ResizeEdge
from mmpretrain.registry import DATASETS

from mmlongtail.files import DamagedFileError
from mmlongtail.structures import checks

from ..feature_file import GIB
from ..feature_store import FeatureStore
from ..fingerprints import fingerprint
from ..picture_cache import PictureCache
from ..picture_file import picture_size
from ..transforms.cached_load import CachedLoad
from .base import DatasetWrapper
from .cached_features import image_marks


@DATASETS.register_module()
class CachedPictures(DatasetWrapper):
    """Keeps the decoded images of a data set of files in a folder: the innermost wrapper, around the data set itself.

    Each image is decoded when it is first asked for, by any worker, rank or run, and read from the folder afterwards,
    which is memory-mapped: what memory is free holds it, and one copy serves all processes of a machine. A folder in
    ``/dev/shm`` lies in memory altogether. The folder's name in it follows from the images' paths, sizes and times of
    change, the loading transform and ``short_side``: a changed image makes a new one.

    Without ``short_side``, samples are the uncached ones to the bit. With it, an image is resized once more than the
    pipeline says, so random crops of it differ a little from crops of the whole image.

    Args:
        dataset: The inner data set or its config; its pipeline begins with ``LoadImageFromFile`` or a kind of it.
        folder: Where the cache lies; runs may share it.
        short_side: Pixels to which the shorter side of larger images is resized; None for no resizing.
        limit_gb: GiB that all caches in the folder may have; the least recently used ones make room. None for any.

    Raises:
        ValueError: For a pipeline that begins otherwise, images that are not files, or a limit below what is needed.
        DiskFullError: If the disk has not enough space for all images; it is taken before the first one is decoded.
    """

    def __init__(
        self, dataset: dict, folder: str, short_side: int | None = None, limit_gb: float | None = None
    ) -> None:
        super().__init__(dataset)
        checks.text('folder', folder)
        side = None if short_side is None else checks.whole('short_side', short_side)
        limit = None if limit_gb is None else checks.number('limit_gb', limit_gb, above=0) * GIB
        self.store = FeatureStore(folder, limit)
        self.shrink = None if side is None else ResizeEdge(side, edge='short')
        self.is_open = False

    def __getstate__(self) -> dict:
        folder, limit = self.store.folder, self.store.limit
        return dict(self.__dict__, store=FeatureStore(folder, limit))  # the lock stays with who took it

    def full_init(self) -> None:
        """Load the labels, then find or make the cache."""
        super().full_init()
        if not self.is_open:
            self._open()

    def __getitem__(self, index: int) -> dict:
        self.full_init()
        return super().__getitem__(index)

    def _open(self) -> None:
        transforms = getattr(getattr(self.dataset, 'pipeline', None), 'transforms', None)
        if not transforms or not isinstance(transforms[0], LoadImageFromFile):
            found = transforms[0] if transforms else None
            raise ValueError(
                f'the pipeline of {type(self.dataset).__name__} begins with {found}: CachedPictures expects a data set '
                'whose pipeline begins with LoadImageFromFile, in no other wrapper'
            )
        marks = image_marks(self.dataset)
        if not all(isinstance(mark, tuple) for mark in marks):
            raise ValueError(
                f'CachedPictures expects images with img_path, {type(self.dataset).__name__} has others'
            )
        key = f'pictures-{fingerprint(marks, transforms[0], self.shrink)}'
        cache = PictureCache(self.store.folder / key)
        self.store.hold(key)
        with self.store.making(key):
            self._make(cache, key, [mark[0] for mark in marks])
        os.utime(cache.folder / 'entry.json')
        print_log(f'{cache.folder}: {cache.count()} of {len(marks)} images are decoded', 'current')
        transforms[0] = CachedLoad(transforms[0], self.shrink, cache)
        self.is_open = True

    def _make(self, cache: PictureCache, key: str, paths: list[str]) -> None:
        """Allocate the cache, unless a sound one is there."""
        if cache.exists:
            try:
                return cache.check(len(paths))
            except DamagedFileError as error:
                print_log(f'{error}; it is made anew', 'current', logging.WARNING)
        rooms = list(self._rooms(paths))
        print_log(f'{cache.folder}: {sum(rooms) / 2**20:.1f} MiB for {len(paths)} decoded images', 'current')
        self.store.make_room(sum(rooms), key)
        cache.allocate(rooms, dict(short_side=self.shrink and self.shrink.scale))

    def _rooms(self, paths: list[str]) -> Iterator[int]:
        """Bytes of each image by its header; 0 where that does not tell."""
        for path in paths:
            short, long = sorted(picture_size(path))
            if self.shrink is not None and short > self.shrink.scale:
                long = int(self.shrink.scale * long / short) + long // short + 2  # a reduced image's rounding
                short = self.shrink.scale
            yield 3 * short * long
