"""Training by epochs that can be killed and resumed anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.registry import LOOPS
from torch.utils.data import BatchSampler

from ..start_checks import check_epoch


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop that resumes in the middle of an epoch and then computes the same as if never stopped.

    MMEngine restarts the epoch instead. Here the batches already seen are skipped (in the sampler where it has
    ``start``, else by loading them), the sampler goes on with the seed it had, and python's, numpy's and torch's
    generators are seeded before each iteration from run seed, rank and iteration. What the data pipeline draws in
    worker processes continues too where the data set is a :class:`DrawDataset`. Arguments: ``EpochBasedTrainLoop``'s.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        check_epoch(self.dataloader)  # here, as MMEngine's schedules assert on an epoch of no iteration

    def run(self) -> torch.nn.Module:
        self._skip = self._restore() if self._iter else 0
        self.runner.message_hub.update_info('sampler_seed', getattr(self._sampler, 'seed', None))
        return super().run()

    def run_epoch(self) -> None:
        start, self._skip = self._skip, 0
        begun = dict(epoch=self._epoch, iter=self._iter - start, batches=len(self.dataloader))
        self.runner.message_hub.update_info('epoch_begun', begun)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        batches = self._batches_from(start)
        self._seed_iteration()
        for idx, data_batch in enumerate(batches, start):
            self.run_iter(idx, data_batch)
            self._seed_iteration()
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    @property
    def _sampler(self):
        return getattr(self.dataloader.batch_sampler, 'sampler', self.dataloader.sampler)

    def _restore(self) -> int:
        """Give the sampler its seed back; the batches of the epoch that were already seen before the checkpoint."""
        hub = self.runner.message_hub
        seed = hub.get_info('sampler_seed')
        if seed is not None:
            self._sampler.seed = seed
        begun = hub.get_info('epoch_begun')
        if begun is None or begun['epoch'] != self._epoch:
            return 0
        if begun['batches'] != len(self.dataloader):
            raise ValueError(
                f'the checkpoint lies within epoch {self._epoch} of {begun["batches"]} batches, but the epoch has '
                f'{len(self.dataloader)} now: resume with the same data, batch size and number of processes'
            )
        return self._iter - begun['iter']

    def _batches_from(self, start: int) -> Iterator[dict]:
        loader = self.dataloader
        if type(loader.batch_sampler) is BatchSampler and hasattr(self._sampler, 'start'):
            self._sampler.start = start * loader.batch_size
            return iter(loader)
        batches = iter(loader)
        for _ in range(start):
            next(batches)
        return batches

    def _seed_iteration(self) -> None:
        seed = int(np.random.SeedSequence([self.runner.seed, get_rank(), self._iter]).generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
