"""SIGTERM and Ctrl-C end a run between two iterations, with a checkpoint from which it ends as if never stopped."""

import os
import signal
import threading
import time

import pytest
import torch
from mmengine.hooks import Hook
from test_resumable_epoch_loop import build
from torch.utils.data import DataLoader

from mmlongtail.engine.loops.interrupts import Interrupts, keep_workers


class Signals(Hook):
    """Sends signals to its own process, and to its workers as Slurm does, in the middle of an iteration."""

    def __init__(self, at, *signals):
        self.at, self.signals = at, signals

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for signum in self.signals if runner.iter == self.at else ():
            for process in torch.multiprocessing.active_children():
                os.kill(process.pid, signum)
            os.kill(os.getpid(), signum)


def train(work_dir, *hooks, **settings):
    runner = build(work_dir, **settings)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return runner.model.state_dict()


@pytest.fixture(autouse=True)
def attentive():
    """A shell starts programs in the background deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp('whole'), seed=4)


@pytest.mark.parametrize(
    ('signum', 'status', 'at', 'workers'),
    [(signal.SIGTERM, 143, 6, 2), (signal.SIGINT, 130, 0, 0), (signal.SIGTERM, 143, 9, 0)],
)
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path, whole, signum, status, at, workers, capfd):
    """Also in the last iteration of an epoch, 9; workers outlive the signal."""
    with pytest.raises(SystemExit) as end:
        train(tmp_path, Signals(at, signum), seed=4, workers=workers)
    assert end.value.code == status
    assert f'{signum.name}: the run ends with a checkpoint after this iteration' in capfd.readouterr().err
    checkpoint = tmp_path / 'interrupted.pth'
    assert torch.load(checkpoint)['meta']['iter'] == at + 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    weights = train(tmp_path, seed=4, resume=checkpoint)
    assert all(value.equal(whole[name]) for name, value in weights.items())
    assert not (tmp_path / 'interrupted.pth').exists()


def test_a_second_ctrl_c_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(Interrupts, 'echo', -1)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Signals(2, signal.SIGINT, signal.SIGINT))
    assert not (tmp_path / 'interrupted.pth').exists()


def test_the_same_ctrl_c_twice_is_one():
    """torchrun passes on to its processes what the terminal has sent them already."""
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert interrupts.agreed() == signal.SIGINT
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.agreed() == signal.SIGINT


def test_what_was_ignored_stays_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
            assert interrupts.agreed() == 0
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


def test_outside_the_main_thread_nothing_is_changed():
    seen = []

    def enter():
        with Interrupts() as interrupts:
            seen.append(interrupts.agreed())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [0]


class Pids:
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return os.getpid()


def test_workers_outlive_signals_while_the_run_needs_them():
    loader = DataLoader(Pids(), batch_size=1, num_workers=1, persistent_workers=True, worker_init_fn=None)
    interrupts = Interrupts()
    keep_workers(loader, interrupts)
    with interrupts:
        pid = int(next(iter(loader)))
        for _ in range(3):
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.1)
        assert [int(batch) for batch in loader] == [pid, pid]
    [worker] = [p for p in torch.multiprocessing.active_children() if p.pid == pid]
    worker.terminate()
    worker.join(10)
    assert worker.exitcode == 0  # else torch raises an error in the program


def program() -> None:
    """A run whose workers are still there when its program exits, as those of MMEngine's loaders are."""
    global loader
    loader = DataLoader(Pids(), batch_size=1, num_workers=1, persistent_workers=True)
    interrupts = Interrupts()
    keep_workers(loader, interrupts)
    with interrupts:
        assert len(list(loader)) == 2


def test_a_program_ends_with_workers_still_there():
    """At its exit Python sends them one SIGTERM and waits for them."""
    process = torch.multiprocessing.get_context('fork').Process(target=program)
    process.start()
    process.join(15)
    ended = process.exitcode
    process.kill()
    assert ended == 0
