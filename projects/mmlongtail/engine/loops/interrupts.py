"""Signals that end a run between two iterations."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.sharedctypes import RawValue

import torch
from mmengine.dist import all_reduce
from torch.utils.data import DataLoader

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(SystemExit):
    """The end of a run by a signal, with the shell's exit status for it: 143 for SIGTERM, 130 for Ctrl-C."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)


class Interrupts:
    """While it is entered, SIGTERM (Slurm's, a reboot's) and Ctrl-C are notes to be read between two iterations.

    A second Ctrl-C ends the program at once. Signals that were ignored before stay so; outside the main thread, where
    Python knows no signals, nothing is changed.
    """

    echo = 1.0  # seconds in which a second Ctrl-C is the same one: torchrun passes on what the terminal sent, too

    def __init__(self) -> None:
        self.signum = 0
        self.running = RawValue('b', 0)  # whether it is entered, for worker processes
        self._first = 0.0
        self._former: dict[int, object] = {}

    def __enter__(self) -> Interrupts:
        self.running.value = 1
        if threading.current_thread() is threading.main_thread():
            for signum in SIGNALS:
                if signal.getsignal(signum) != signal.SIG_IGN:
                    self._former[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(self, *error) -> None:
        self.running.value = 0
        for signum, former in self._former.items():
            signal.signal(signum, former or signal.SIG_DFL)

    def _note(self, signum: int, frame) -> None:
        if not self.signum:
            self.signum, self._first = signum, time.monotonic()
            name = signal.Signals(signum).name
            # print() may have been interrupted itself
            os.write(2, f'\n{name}: the run ends with a checkpoint after this iteration\n'.encode())
        elif signum == signal.SIGINT and time.monotonic() - self._first > self.echo:
            raise KeyboardInterrupt

    def agreed(self) -> int:
        """The signal that came to any process of the run; 0 if none did."""
        signum = torch.tensor(self.signum)
        all_reduce(signum, 'max')
        return int(signum)


def keep_workers(loader: DataLoader, interrupts: Interrupts) -> None:
    """Let worker processes outlive the signals that a terminal or Slurm sends to them, too: their run still needs them.

    It does while ``interrupts`` is entered. Afterwards SIGTERM ends them, such as Python's own when the program exits.
    """
    if isinstance(loader, DataLoader) and loader.num_workers:
        loader.worker_init_fn = partial(_start_worker, loader.worker_init_fn, interrupts.running)


def _start_worker(then: Callable[[int], None] | None, running, worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, partial(_end_after_run, running))
    if then is not None:
        then(worker)


def _end_after_run(running, signum: int, frame) -> None:
    if not running.value:
        os._exit(0)  # as torch's own handler: of a killed worker the program would hear an error
