"""A line that shows a person how far a run is."""

import logging
import shutil
import sys
import time
from datetime import timedelta

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from mmlongtail.structures import checks

CLEAR = '\r\x1b[K'


def progress_line(title: str, done: int, total: int, seconds_left: float, columns: int) -> str:
    """For instance ``train epoch 3/8 [=====>              ] 242/968  eta 0:12:30``, no wider than ``columns``."""
    numbers = f' {done}/{total}  eta {timedelta(seconds=round(seconds_left))}'
    width = min(40, columns - len(title) - len(numbers) - 3)
    if width < 5:
        return (title + numbers)[:columns]
    filled = int(width * done / total)
    bar = ('=' * filled + '>')[:width].ljust(width)
    return f'{title} [{bar}]{numbers}'


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """A progress bar with the time left, on standard error, and only where that is a terminal; else nothing at all.

    In training it counts all iterations of the run, so that the time left includes the validations between them.

    Args:
        interval: Seconds between two drawings.

    Raises:
        ValueError: If ``interval`` is negative.
    """

    priority = 'VERY_LOW'

    def __init__(self, interval: float = 0.2) -> None:
        self.interval = checks.number('interval', interval, at_least=0)
        self.active = False
        self._began = {}  # phase: (time, iterations done before)
        self._drawn = 0.0

    def before_run(self, runner) -> None:
        """See who watches; from now on log lines wipe the bar before they are written."""
        self.active = is_main_process() and sys.stderr.isatty()
        for handler in runner.logger.handlers if self.active else ():
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(self._wipe)

    def _wipe(self, record: logging.LogRecord | None = None) -> bool:
        """Erase the bar; usable as a log filter that lets every record pass."""
        if self.active and self._drawn:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()
            self._drawn = 0.0
        return True

    def _draw(self, phase: str, title: str, done: int, total: int) -> None:
        now = time.perf_counter()
        if not self.active or now - self._drawn < self.interval:
            return
        began, before = self._began[phase]
        left = (now - began) / (done - before) * (total - done)
        # ends at the line's start: whatever a library prints next overwrites it
        line = progress_line(title, done, total, left, shutil.get_terminal_size().columns - 1)
        sys.stderr.write(f'{CLEAR}{line}\r')
        sys.stderr.flush()
        self._drawn = now

    def before_train(self, runner) -> None:
        """Start the clock, from where a resumed run goes on."""
        self._began['train'] = time.perf_counter(), runner.iter

    def before_val_epoch(self, runner) -> None:
        """Start the clock of one validation."""
        self._began['val'] = time.perf_counter(), 0

    def before_test_epoch(self, runner) -> None:
        """Start the clock of a test."""
        self._began['test'] = time.perf_counter(), 0

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Show the run's progress."""
        title = f'train epoch {runner.epoch + 1}/{runner.max_epochs}'
        self._draw('train', title, runner.iter + 1, runner.max_iters)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Show the validation's progress."""
        self._draw('val', 'validate', batch_idx + 1, len(runner.val_dataloader))

    def after_test_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Show the test's progress."""
        self._draw('test', 'test', batch_idx + 1, len(runner.test_dataloader))

    def _after_epoch(self, runner, mode: str = 'train') -> None:
        self._wipe()

    def after_run(self, runner) -> None:
        """Leave the terminal clean."""
        self._wipe()
