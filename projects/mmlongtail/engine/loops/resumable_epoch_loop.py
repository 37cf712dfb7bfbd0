"""Training by epochs that can be killed and resumed anywhere."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dist import barrier, get_rank
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.registry import LOOPS
from torch.utils.data import BatchSampler, DataLoader

from mmlongtail.datasets.samplers import OrderSampler
from mmlongtail.datasets.wrappers.draw_dataset import takes_draws

from ..start_checks import check_epoch
from .interrupts import Interrupted, Interrupts, keep_workers

KEY = 'epoch_validated'  # MMEngine logs what begins with val


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop that resumes in the middle of an epoch and then computes the same as if never stopped.

    MMEngine restarts the epoch instead. Here the batches already seen are skipped (in the sampler where it has
    ``start``, else by loading them), the sampler goes on with the seed it had, and python's, numpy's and torch's
    generators are seeded before each iteration from run seed, rank and iteration. The data set becomes a
    :class:`DrawDataset` unless it is one: with a sampler of this package each sample has a seed of its own, so the
    weights are the same with any number of worker processes. A validation that a kill took away is done first.

    SIGTERM and Ctrl-C end the run after the current iteration: hooks with ``on_interrupt(runner)`` are called, then
    the program exits with status 143 or 130; a second Ctrl-C ends it at once. Arguments: ``EpochBasedTrainLoop``'s.
    """

    def __init__(self, runner, dataloader: DataLoader | dict, *args, **kwargs) -> None:
        if isinstance(dataloader, dict):
            dataloader = dict(dataloader, dataset=takes_draws(dataloader['dataset']))
        super().__init__(runner, dataloader, *args, **kwargs)
        check_epoch(self.dataloader)  # here, as MMEngine's schedules assert on an epoch of no iteration
        if self.dataloader.num_workers and not isinstance(self._sampler, OrderSampler):
            runner.logger.warning(
                f'{type(self._sampler).__name__} gives the samples no seeds: what is random in the data pipeline '
                'differs with the number of workers and after --resume; UniformSampler draws the same images'
            )

    def run(self) -> torch.nn.Module:
        """Train to the last epoch, from where the checkpoint was."""
        self._skip = self._restore() if self._iter else 0
        self.runner.message_hub.update_info('sampler_seed', getattr(self._sampler, 'seed', None))
        val_loop = self.runner.val_loop
        self._interrupts = Interrupts()
        for loader in (self.dataloader, getattr(val_loop, 'dataloader', None)):
            keep_workers(loader, self._interrupts)
        with self._interrupts:
            self.runner.call_hook('before_train')
            if not self._iter:  # a run of the same name and second shares its hub with this one
                self.runner.message_hub.update_info(KEY, None)
            elif not self._skip:
                self._validate(val_loop)
            while self._epoch < self._max_epochs and not self.stop_training:
                self.run_epoch()
                self._validate(val_loop)
            self.runner.call_hook('after_train')
        return self.runner.model

    def _validate(self, val_loop) -> None:
        """Validate after the epochs that ask for it, each once."""
        self._decide_current_val_interval()
        due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        hub = self.runner.message_hub
        if val_loop is None or self._epoch < self.val_begin or not due or hub.get_info(KEY) == self._epoch:
            return
        hub.update_info(KEY, self._epoch)
        val_loop.run()
        self._end_if_asked()

    def _end_if_asked(self) -> None:
        signum = self._interrupts.agreed()
        if not signum:
            return
        self.runner.call_hook('on_interrupt')
        barrier()  # the launcher kills the others when one has gone
        self.runner.logger.warning(
            f'{signal.Signals(signum).name}: ended after iteration {self._iter} of {self._max_iters}; '
            'go on with --resume'
        )
        raise Interrupted(signum)

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
            self._end_if_asked()
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
