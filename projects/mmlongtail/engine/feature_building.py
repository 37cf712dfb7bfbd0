"""The pass over all images of a data set that computes the features of a frozen trunk."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator

from mmengine.dist import get_rank, get_world_size, is_main_process
from mmengine.logging import MMLogger
from torch import Tensor
from torch.utils.data import DataLoader

from mmlongtail.datasets.draws import random_scope
from mmlongtail.datasets.feature_file import FeatureFile
from mmlongtail.datasets.wrappers.cached_features import ViewDataset, view_seed

from .hooks.progress_bar_hook import CLEAR, progress_line
from .loops.interrupts import Interrupted

COMMIT_SECONDS = 5.0


class TrunkPass:
    """Features of a data set's images, chunk by chunk, the same for any number of workers and processes.

    Args:
        dataset: The images, without wrappers that draw.
        views: Random views V of each image.
        collate: Makes a batch of items.
        compute: Features (A B, *shape) of a batch, view after view where the model makes A of each image.
    """

    def __init__(self, dataset, views: int, collate: Callable, compute: Callable[[dict], Tensor]) -> None:
        self.items = ViewDataset(dataset, views)
        self.collate, self.compute = collate, compute

    def batch(self, rows: range) -> dict:
        """The images of a chunk."""
        return self.collate([self.items[row] for row in rows])

    def of_batch(self, number: int, batch: dict) -> Tensor:
        """Features of a chunk's images, (B, A, *shape); what is random in the model's preprocessor is the chunk's."""
        count = len(batch['data_samples'])
        with random_scope(view_seed(number)):
            features = self.compute(batch)
        return features.unflatten(0, (-1, count)).transpose(0, 1)

    def fill(self, file: FeatureFile, num_workers: int, asked: Callable[[], int] = lambda: 0) -> None:
        """Compute this process's share of the chunks that are missing.

        Args:
            file: What they are written to.
            num_workers: Processes that read images.
            asked: Number of the signal by which the run was asked to end, 0 if it was not.

        Raises:
            Interrupted: If it was; what is done stays.
        """
        numbers = [number for number in file.missing() if number % get_world_size() == get_rank()]
        loader = DataLoader(
            self.items,
            batch_sampler=[list(file.chunk_rows(number)) for number in numbers],
            num_workers=num_workers,
            collate_fn=self.collate,
        )
        committed = time.monotonic()
        try:
            for number, batch in zip(numbers, _shown(loader, len(numbers))):
                file.write(number, self.of_batch(number, batch))
                if time.monotonic() - committed > COMMIT_SECONDS:
                    file.commit()
                    committed = time.monotonic()
                if signum := asked():
                    raise Interrupted(signum)
        finally:
            file.commit()


def _shown(batches, total: int) -> Iterator:
    """The same batches under a progress bar, where a person watches; else a line every minute."""
    start = drawn = time.monotonic()
    watched = is_main_process() and sys.stderr.isatty()
    for done, batch in enumerate(batches, 1):
        yield batch
        now = time.monotonic()
        left = (now - start) / done * (total - done)
        if watched and now - drawn > 0.2:
            line = progress_line('features', done, total, left, shutil.get_terminal_size().columns - 1)
            sys.stderr.write(f'{CLEAR}{line}\r')
            sys.stderr.flush()
            drawn = now
        elif not watched and now - drawn > 60:
            MMLogger.get_current_instance().info(f'features: {done} of {total} batches, {left:.0f} s left')
            drawn = now
    if watched:
        sys.stderr.write(CLEAR)
