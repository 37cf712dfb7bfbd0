"""Scores of any number of image files, in order, by worker processes; those that cannot be read are told apart."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from .inferencer import LongTailInferencer, scores_of
from .picture_input import PictureError, PictureInput, same_size_batches


class PathList(Sequence[str]):
    """Paths in one block of bytes: a million of them take 60 MB, and worker processes share it.

    Args:
        paths: The paths, in order.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._bytes, self._ends = bytearray(), array('Q', [0])
        for path in paths:
            self._bytes += os.fsencode(path)
            self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # nobody takes a slice
        if not 0 <= index < len(self):
            raise IndexError(f'path {index} of {len(self)}')
        return os.fsdecode(bytes(self._bytes[self._ends[index] : self._ends[index + 1]]))

    def digest(self) -> str:
        """A number that other paths, or another order, do not have."""
        return hashlib.sha256(self._bytes + self._ends.tobytes()).hexdigest()


class PictureFiles(Dataset):
    """What the model takes of each file, or the error that says why it cannot be read."""

    def __init__(self, paths: Sequence[str], read: PictureInput, folder: str = '') -> None:
        self.paths, self.read, self.folder = paths, read, folder

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> dict | PictureError:
        try:
            return self.read(os.path.join(self.folder, self.paths[index]))
        except PictureError as error:
            return error


def stream_scores(
    inferencer: LongTailInferencer,
    paths: Sequence[str],
    folder: str = '',
    first: int = 0,
    batch_size: int = 32,
    workers: int = 0,
) -> Iterator[np.ndarray | PictureError]:
    """Scores (K,) of each file from the ``first`` on, or why it cannot be read.

    Args:
        inferencer: The model and how it takes images.
        paths: The files, relative to ``folder``.
        folder: Where they lie.
        first: Number of the file to begin with.
        batch_size: Images that the model gets at once.
        workers: Processes that read.
    """
    files = PictureFiles(paths, inferencer.pipeline, folder)
    loader = DataLoader(
        Subset(files, range(first, len(files))),
        batch_size,
        num_workers=workers,
        collate_fn=collate,
        worker_init_fn=quiet_worker,
        pin_memory=torch.cuda.is_available(),
    )
    for errors, batches in loader:
        samples = [sample for batch in batches for sample in inferencer.predict(batch)]
        found = map(scores_of, samples)
        yield from (next(found) if error is None else error for error in errors)


def collate(items: list[dict | PictureError]) -> tuple[list[PictureError | None], list[dict]]:
    """The error of each item, None for one that can be read, and batches of the latter."""
    errors = [item if isinstance(item, PictureError) else None for item in items]
    return errors, list(same_size_batches(item for item in items if not isinstance(item, PictureError)))


def quiet_worker(index: int) -> None:
    """A worker takes one core."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
