"""Checkpoints that no kill and no full disk takes away."""

from __future__ import annotations

import os
import shutil
from collections import deque
from pathlib import Path

from mmengine.dist import is_main_process, master_only
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmpretrain.registry import HOOKS

from mmlongtail.checkpoints import INTERRUPTED, write_pointer
from mmlongtail.files import PART, DiskFullError, remove, written_whole
from mmlongtail.structures import checks

from .checkpoint_size import optimizer_bytes, weight_bytes

MEBI = 2**20


@register_backend('whole', force=True)
class WholeFileBackend(LocalBackend):
    """MMEngine's local files, written whole or not at all."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes under another name first."""
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        with written_whole(filepath) as file:
            file.write(obj)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook in the order that loses nothing: write beside, rename, point there, then delete.

    MMEngine deletes the old checkpoint and then writes the new one in place, the best one likewise: a kill or a full
    disk at that moment leaves neither. Here a checkpoint has its name only when all of it is on the disk. Whether the
    disk has the space is asked before the first iteration.

    Arguments: ``CheckpointHook``'s; folders must be local ones.

    Raises:
        DiskFullError: If the disk has no space for the checkpoints that are to be kept and the one being written.
        ValueError: If a folder or a file backend is given that is not local.
    """

    def __init__(self, *args, max_keep_ckpts: int = 2, **kwargs) -> None:
        checks.whole('max_keep_ckpts', max_keep_ckpts, at_least=-1)
        super().__init__(*args, max_keep_ckpts=max_keep_ckpts, **kwargs)
        given = self.file_client_args or self.backend_args or '://' in str(self.out_dir)
        if given:
            raise ValueError(
                f'out_dir={self.out_dir}, backend_args={self.backend_args}: a local folder is expected; '
                "MMEngine's CheckpointHook writes elsewhere"
            )
        self.backend_args = dict(backend='whole')

    def before_train(self, runner) -> None:
        """Tell the space that is needed; clear away what a kill left half written."""
        super().before_train(runner)
        if (
            runner._resume
        ):  # MMEngine notes a new best in the last checkpoint only if it wrote that one itself
            self.last_ckpt = runner._load_from
        self._find_best_here(runner)
        if is_main_process():
            Path(self.out_dir).mkdir(parents=True, exist_ok=True)
            for part in Path(self.out_dir).glob(f'*.pth{PART}'):
                remove(part)
        self._check_space(runner)

    def _find_best_here(self, runner) -> None:
        """The best checkpoints of a run whose folder was moved or copied are those in this folder."""
        for name, path in self._best().items():
            self._set_best(runner, name, path and os.path.join(self.out_dir, os.path.basename(path)))

    def _best(self) -> dict[str, str | None]:
        """The file of each metric in ``save_best``."""
        if not self.save_best:
            return {}
        if len(self.key_indicators) == 1:
            return {self.key_indicators[0]: self.best_ckpt_path}
        return {name: self.best_ckpt_path_dict.get(name) for name in self.key_indicators}

    def _set_best(self, runner, name: str, path: str | None) -> None:
        single = len(self.key_indicators) == 1
        if single:
            self.best_ckpt_path = path
        else:
            self.best_ckpt_path_dict[name] = path
        if path:
            runner.message_hub.update_info('best_ckpt' if single else f'best_ckpt_{name}', path)

    def _check_space(self, runner) -> None:
        """Compare the checkpoints still to come with the free space, and say so."""
        weights = weight_bytes(runner)  # of sharded weights all processes have to ask together
        size = weights + (optimizer_bytes(runner) if self.save_optimizer else 0)
        if not is_main_process():
            return
        kept = self.max_keep_ckpts if self.max_keep_ckpts > 0 else self._saves_left(runner)
        there = sum(path.stat().st_size for path in Path(self.out_dir).glob('*.pth'))
        need = max((kept + 1) * size + 2 * len(self._best()) * weights - there, size)
        free = shutil.disk_usage(self.out_dir).free
        words = (
            f'{kept} checkpoints of about {size / MEBI:.1f} MiB are kept in {self.out_dir}, one more while it is '
            f'written: {need / MEBI:.0f} MiB to come, {free / MEBI:.0f} MiB free'
        )
        if need > free:
            raise DiskFullError(f'{words}; free some, or lower default_hooks.checkpoint.max_keep_ckpts')
        runner.logger.info(words)

    def _saves_left(self, runner) -> int:
        done, total = (runner.epoch, runner.max_epochs) if self.by_epoch else (runner.iter, runner.max_iters)
        return max((total - done) // self.interval if self.interval > 0 else 0, 1)

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        """Write the new checkpoint, then let go of the old ones.

        The list in it names all files that there are at that moment, so that a run killed before it deleted the
        outdated ones does so when it is resumed.
        """
        outdated = []
        if self.max_keep_ckpts > 0:
            steps = [kept for kept in self.keep_ckpt_ids if kept != step] + [step]
            runner.message_hub.update_info('keep_ckpt_ids', steps)
            outdated = steps[: -self.max_keep_ckpts]
            self.keep_ckpt_ids = deque(steps, self.max_keep_ckpts)
        self._write(runner, self.filename_tmpl.format(step), meta)
        self._delete([self.filename_tmpl.format(old) for old in outdated] + [INTERRUPTED])

    def _write(self, runner, name: str, meta: dict) -> None:
        self.last_ckpt = os.path.join(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        try:
            runner.save_checkpoint(
                self.out_dir,
                name,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
            if is_main_process():
                write_pointer(runner.work_dir, self.last_ckpt)
        except DiskFullError as error:
            words = 'the checkpoints before it are whole, free some space and go on with --resume'
            raise DiskFullError(f'{self.last_ckpt}: {error.strerror}; {words}') from error

    @master_only
    def _delete(self, names: list[str]) -> None:
        for name in names:
            remove(Path(self.out_dir) / name)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        """MMEngine's, which finds no former file to delete; it goes when the new one is there and noted."""
        former = self._best()
        for name in former:
            self._set_best(runner, name, None)
        super()._save_best_checkpoint(runner, metrics)
        outdated = []
        for (name, old), new in zip(former.items(), self._best().values()):
            if new is None:
                self._set_best(runner, name, old)
            elif old and os.path.basename(old) != os.path.basename(new):
                outdated.append(os.path.basename(old))
        self._delete(outdated)

    def on_interrupt(self, runner) -> None:
        """Keep what was done since the last checkpoint; called by ``ResumableEpochLoop`` between two iterations."""
        self._write(runner, INTERRUPTED, dict(epoch=runner.epoch, iter=runner.iter))
