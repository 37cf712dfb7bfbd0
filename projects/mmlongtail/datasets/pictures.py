"""What every multi-label set of image files shares: its images exist, decode and are listed once."""

import logging
import os
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import MultiLabelDataset

from .picture_file import MAX_PIXELS, memory_fault, picture_fault
from .picture_scan import scan_pictures
from .picture_table import PictureItems, PictureTable
from .text_file import short, some_of

BROKEN_IMAGES = ('stop', 'skip', 'skip_missing')


class PictureDataset(MultiLabelDataset):
    """Base of the multi-label sets: MMPretrain's, plus the checks of its images and labels at load.

    A subclass implements ``load_data_list``, whose items are ``dict(img_id, img_path, gt_label)`` with class indices
    in ascending order, in a list or a :class:`PictureTable`. ``prepare_command`` is what an error about missing data
    tells the user to run.

    Args:
        broken_images: What becomes of an image that is missing or does not decode. ``'stop'``: a missing one is an
            error at load, one that does not decode an error when it is read. ``'skip'``: every image is decoded
            once at load and the broken ones are left out and logged, so that class counts stay right.
            ``'skip_missing'``: as ``'stop'``, but up to half of the images may be missing and are left out and logged.
        max_pixels: Images that have more by their header are as broken as those that do not decode; None takes any.
        allow_outside_root: Whether a list may name images outside ``data_root`` and the folder of the images; where
            neither is given, it always may.
        **kwargs: What :class:`mmpretrain.datasets.MultiLabelDataset` takes.

    Raises:
        ValueError: If ``broken_images`` is none of the three, an image is listed twice or lies outside the root, none
            is left, or an image that is read does not decode or is too large.
        FileNotFoundError: If the data root is missing, or under ``'stop'`` an image.
    """

    prepare_command = ''

    def __init__(
        self,
        *args,
        broken_images: str = 'stop',
        max_pixels: int | None = MAX_PIXELS,
        allow_outside_root: bool = False,
        **kwargs,
    ):
        if broken_images not in BROKEN_IMAGES:
            raise ValueError(
                f'broken_images={broken_images!r}: {", ".join(map(repr, BROKEN_IMAGES))} is expected'
            )
        self.broken_images, self.max_pixels = broken_images, max_pixels
        self.allow_outside_root = allow_outside_root
        self._harmless = bytearray()  # 1 for images whose memory this process has checked
        super().__init__(*args, **kwargs)

    def full_init(self) -> None:
        """Load the labels, after a check that the data root is there."""
        if not self._fully_initialized and self.data_root and not os.path.isdir(self.data_root):
            raise FileNotFoundError(f'data_root={self.data_root!r} is not a folder.{self._how_to_prepare()}')
        super().full_init()

    def filter_data(self) -> Sequence[dict]:
        """Check ids, images and classes of the list just loaded; return what is usable of it."""
        images = self.data_list if isinstance(self.data_list, PictureTable) else PictureItems(self.data_list)
        if repeated := images.repeated_ids():
            raise ValueError(
                f'{self.ann_file}: each image is expected once, listed twice: {some_of(repeated)}'
            )
        self._check_inside(images.paths())
        kept = self._without_broken(images)
        if not len(kept):
            raise ValueError(f'{self.ann_file}: no image in it, or none left; at least one is expected')
        present = kept.present()
        absent = [name for k, name in enumerate(self.CLASSES) if k not in present]
        if absent:
            print_log(
                f'{type(self).__name__}, {self.ann_file}: {len(absent)} of {len(self.CLASSES)} classes have no image: '
                f'{some_of(absent)}',
                'current',
                logging.WARNING,
            )
        return kept

    def prepare_data(self, idx: int) -> dict:
        """Run the pipeline on one image; an image that is too large or does not decode is named."""
        if len(self._harmless) != len(self):
            self._harmless = bytearray(len(self))
        if not self._harmless[idx]:
            path = self.get_data_info(idx)['img_path']
            fault = memory_fault(path, self.max_pixels)
            if fault:
                raise ValueError(f'{path} {fault}')
            self._harmless[idx] = True
        try:
            return super().prepare_data(idx)
        except Exception as error:
            path = self.get_data_info(idx)['img_path']
            fault = picture_fault(path, self.max_pixels)
            if fault is None:
                raise
            raise ValueError(
                f"{path} {fault}: replace it, or leave such images out by broken_images='skip'"
            ) from error

    def _check_inside(self, paths: Iterable[str]) -> None:
        """Refuse files that are neither in the data root nor in the images' folder; links count by their names."""
        folder = self.data_prefix.get('img_path') or ''
        roots = [os.path.join(os.path.abspath(root), '') for root in (self.data_root, folder) if root]
        for path in () if self.allow_outside_root or not roots else paths:
            plain = path.startswith(folder) and '..' not in path  # spares most of them the slow way
            if not plain and not os.path.abspath(path).startswith(tuple(roots)):
                raise ValueError(
                    f'{self.ann_file}: {short(path)} is outside {" and ".join(roots)}: a file inside is expected, '
                    'or allow_outside_root=True'
                )

    def _without_broken(self, images: PictureItems | PictureTable) -> PictureItems | PictureTable:
        if self.broken_images == 'skip':
            faults = scan_pictures(list(images.paths()), max_pixels=self.max_pixels)
        else:
            there = exist(images.paths())
            missing = () if all(there) else (p for p, found in zip(images.paths(), there) if not found)
            faults = dict.fromkeys(missing, 'is missing')
            self._check_missing(faults, len(images))
        if not faults:
            return images
        named = some_of([f'{path} {fault}' for path, fault in faults.items()])
        print_log(
            f'{type(self).__name__}: {len(faults)} of {len(images)} images are left out: {named}',
            'current',
            logging.WARNING,
        )
        return images.select(np.array([path not in faults for path in images.paths()]))

    def _check_missing(self, missing: Collection[str], total: int) -> None:
        most = total / 2 if self.broken_images == 'skip_missing' else 0
        if len(missing) > most:
            hint = '' if most else " broken_images='skip' leaves missing images out."
            raise FileNotFoundError(
                f'{len(missing)} of {total} images are missing: {some_of(list(missing))}.{self._how_to_prepare()}{hint}'
            )

    def _how_to_prepare(self) -> str:
        return f' This prepares the data: `{self.prepare_command}`.' if self.prepare_command else ''


def exist(paths: Iterable[str]) -> list[bool]:
    """Say for each path whether it is in its folder; every folder is listed only once."""
    listed: dict[str, set] = {}
    found = []
    for path in paths:
        end = max(path.rfind('/'), path.rfind(os.sep)) + 1
        names = listed.get(path[:end])
        if names is None:
            folder = os.path.dirname(path) or '.'
            names = listed[path[:end]] = set(os.listdir(folder)) if os.path.isdir(folder) else set()
        found.append(path[end:] in names)
    return found
