"""What every multi-label set of picture files shares: its pictures exist, decode and are listed once."""

import logging
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import MultiLabelDataset

NAMED_AT_MOST = 20


class PictureDataset(MultiLabelDataset):
    """Base of the multi-label sets: MMPretrain's, plus the checks of its pictures and labels at load.

    A subclass implements ``load_data_list``, whose items are ``dict(img_id, img_path, gt_label)`` with class indices
    in ascending order. ``prepare_command`` is what an error about missing data tells the user to run.

    Args:
        broken_images: What becomes of a picture that is missing or does not decode. ``'stop'``: a missing one is an
            error at load, one that does not decode an error when it is read. ``'skip'``: every picture is decoded
            once at load and the broken ones are left out and logged, so that class counts stay right.
        **kwargs: What :class:`mmpretrain.datasets.MultiLabelDataset` takes.

    Raises:
        ValueError: If ``broken_images`` is neither of the two, an image is listed twice, none is left, or a picture
            that is read does not decode.
        FileNotFoundError: If the data root, or under ``'stop'`` a picture, is missing.
    """

    prepare_command = ''

    def __init__(self, *args, broken_images: str = 'stop', **kwargs):
        if broken_images not in ('stop', 'skip'):
            raise ValueError(f"broken_images={broken_images!r}: 'stop' or 'skip' is expected")
        self.broken_images = broken_images
        super().__init__(*args, **kwargs)

    def full_init(self) -> None:
        """Load the labels, after a check that the data root is there."""
        if not self._fully_initialized and self.data_root and not os.path.isdir(self.data_root):
            raise FileNotFoundError(f'data_root={self.data_root!r} is not a folder.{self._how_to_prepare()}')
        super().full_init()

    def filter_data(self) -> list[dict]:
        """Check ids, pictures and classes of the list just loaded; return what is usable of it."""
        repeated = [str(i) for i, n in Counter(item['img_id'] for item in self.data_list).items() if n > 1]
        if repeated:
            raise ValueError(
                f'{self.ann_file}: each image is expected once, listed twice: {some_of(repeated)}'
            )
        kept = self._without_broken(self.data_list)
        if not kept:
            raise ValueError(f'{self.ann_file}: no image in it, or none left; at least one is expected')
        present = {label for item in kept for label in item['gt_label']}
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
        """Run the pipeline on one image; a picture that does not decode is named."""
        try:
            return super().prepare_data(idx)
        except Exception as error:
            path = self.get_data_info(idx)['img_path']
            if decodes(path):
                raise
            raise ValueError(
                f"{path} does not decode as a picture: replace it, or leave such pictures out by broken_images='skip'"
            ) from error

    def _without_broken(self, data_list: list[dict]) -> list[dict]:
        paths = [item['img_path'] for item in data_list]
        usable = exist(paths)
        if self.broken_images == 'stop':
            missing = [path for path, there in zip(paths, usable) if not there]
            if missing:
                raise FileNotFoundError(
                    f'{len(missing)} of {len(paths)} pictures are missing: {some_of(missing)}.'
                    f"{self._how_to_prepare()} broken_images='skip' leaves missing pictures out."
                )
            return data_list
        with ThreadPoolExecutor() as pool:
            usable = list(pool.map(lambda pair: pair[1] and decodes(pair[0]), zip(paths, usable)))
        broken = [path for path, good in zip(paths, usable) if not good]
        if broken:
            print_log(
                f'{type(self).__name__}: {len(broken)} of {len(paths)} pictures are missing or do not decode '
                f'and are left out: {some_of(broken)}',
                'current',
                logging.WARNING,
            )
        return [item for item, good in zip(data_list, usable) if good]

    def _how_to_prepare(self) -> str:
        return f' This prepares the data: `{self.prepare_command}`.' if self.prepare_command else ''


def exist(paths: Iterable[str]) -> list[bool]:
    """Say for each path whether it is in its folder; every folder is listed only once."""
    listed: dict[str, set] = {}
    found = []
    for path in paths:
        folder, name = os.path.split(path)
        if folder not in listed:
            listed[folder] = set(os.listdir(folder or '.')) if os.path.isdir(folder or '.') else set()
        found.append(name in listed[folder])
    return found


def decodes(path: str) -> bool:
    """Say whether a file is there and OpenCV, the pipeline's decoder, makes a picture of it."""
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) is not None
    except (OSError, cv2.error):
        return False


def read_lines(path: str, what: str) -> list[tuple[int, str]]:
    """Return (line number from 1, stripped text) of the non-empty lines of a text file.

    Raises:
        FileNotFoundError: If it is missing; ``what`` says what it should be.
        ValueError: If it is not text.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path} is missing: {what} is expected there')
    try:
        text = Path(path).read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file: {what} is expected') from error
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def some_of(names: list[str]) -> str:
    """Join names for a message, at most ``NAMED_AT_MOST`` of them."""
    more = len(names) - NAMED_AT_MOST
    return ', '.join(names[:NAMED_AT_MOST]) + (f' and {more} more' if more > 0 else '')
