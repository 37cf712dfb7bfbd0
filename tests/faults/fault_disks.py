"""Full disks, read-only folders, losses that are no numbers: told in one line, and what was there stays."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
import torch
from runs import differences, finish, outcome, start, wait_for

from mmlongtail.checkpoints import newest_checkpoint

NAME = 'one network, workers'


@pytest.fixture
def tmpfs(tmp_path):
    """Mounts a disk of so many KiB; only root can."""
    mounted = []

    def mount(kib: int) -> Path:
        folder = tmp_path / 'disk'
        folder.mkdir()
        if (
            os.geteuid()
            or subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={kib}k', 'tmpfs', folder]).returncode
        ):
            pytest.skip('no tmpfs can be mounted')
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(['umount', folder], check=True)


def last_error(log: Path) -> str:
    """The one line that tells the user."""
    lines = [line for line in log.read_text().splitlines() if line.startswith('error: ')]
    assert lines, log.read_text()[-3000:]
    return lines[-1]


def limited(size: int):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


def test_a_disk_without_space_is_told_at_the_start(trainings, tmpfs, report, tmp_path):
    disk = tmpfs(200)
    folder = disk / 'run'
    assert finish(start(trainings[NAME], folder, log=tmp_path / 'log')) == 2
    assert 'MiB free' in last_error(tmp_path / 'log')
    assert not list(folder.glob('*.pth*'))
    report('too small a disk', NAME, 1, 'error before the first iteration')


def test_a_disk_that_gets_full(trainings, reference, tmpfs, report, tmp_path):
    """After the first checkpoint something else takes the rest of the disk; then it goes away again."""
    expected, _ = reference(NAME)
    disk = tmpfs(20_000)
    folder, ballast = disk / 'run', disk / 'ballast'
    process = start(trainings[NAME], folder, log=tmp_path / 'log')
    assert wait_for(lambda: list(folder.glob('iter_*.pth')), process)
    with open(ballast, 'wb', buffering=0) as file:
        for size in (2**16, 2**10):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    status = finish(process)
    kept = newest_checkpoint(folder)
    parts = list(folder.glob('*.part'))
    ballast.unlink()
    assert (status, parts) == (2, []), (tmp_path / 'log').read_text()[-3000:]
    assert 'No space left on device' in last_error(tmp_path / 'log')
    assert torch.load(kept, weights_only=False)['meta']['iter'] > 0
    assert finish(start(trainings[NAME], folder, resume=True, log=tmp_path / 'log')) == 0
    different = differences(outcome(trainings[NAME], folder), expected)
    report('disk full in the run (tmpfs), resumed', NAME, 1, f'status 2, {len(different)} tensors differ')
    assert not different


def test_files_that_may_not_be_so_large(trainings, reference, report, tmp_path):
    """The quota is there from the start, and again in the middle of the run."""
    expected, _ = reference(NAME)
    folder = tmp_path / 'run'
    training = trainings[NAME]
    assert finish(start(training, folder, before=limited(60_000))) == 2
    assert 'File too large' in last_error(Path(f'{folder}.log')) and '.pth' in last_error(
        Path(f'{folder}.log')
    )
    assert not list(folder.glob('*.pth*'))
    process = start(training, folder, resume=True)
    assert wait_for(lambda: list(folder.glob('iter_*.pth')), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    before = newest_checkpoint(folder)
    assert finish(start(training, folder, resume=True, before=limited(60_000))) == 2
    assert newest_checkpoint(folder) == before
    assert finish(start(training, folder, resume=True)) == 0
    different = differences(outcome(training, folder), expected)
    report(
        'limit of file sizes (RLIMIT_FSIZE), resumed', NAME, 2, f'status 2, {len(different)} tensors differ'
    )
    assert not different


def test_a_read_only_folder(trainings, tmpfs, report, tmp_path):
    disk = tmpfs(20_000)
    subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
    assert finish(start(trainings[NAME], disk / 'run', log=tmp_path / 'log')) == 2
    error = last_error(tmp_path / 'log')
    assert f'{disk}/run' in error and 'Read-only file system' in error
    report('read-only folder', NAME, 1, 'status 2, the folder is named')


def test_a_loss_that_is_no_number(trainings, report, tmp_path):
    folder = tmp_path / 'run'
    options = ['--cfg-options', 'param_scheduler.1.milestones=[1]', 'param_scheduler.1.gamma=1e30']
    assert finish(start(trainings[NAME], folder, options=options)) == 1
    assert 'loss = ' in last_error(Path(f'{folder}.log')) and 'not finite' in last_error(
        Path(f'{folder}.log')
    )
    weights = [torch.load(path, weights_only=False)['state_dict'] for path in folder.glob('*.pth')]
    finite = all(value.isfinite().all() for state in weights for value in state.values())
    report('loss NaN or infinite', NAME, 1, f'status 1, {len(weights)} checkpoints, all finite: {finite}')
    assert finite and weights


def test_two_processes_one_of_which_gets_sigterm(trainings, report, tmp_path):
    """Both end after the same iteration, with a checkpoint; then they go on to the weights of a whole run."""
    training = trainings[NAME]

    def ranks(folder: Path, resume: bool = False):
        port = str(20000 + os.getpid() % 20000)
        for rank in range(2):
            group = dict(WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
            environment = dict(group, RANK=str(rank), LOCAL_RANK=str(rank))
            yield start(training, folder, resume, options=['--launcher', 'pytorch'], environment=environment)

    whole, folder = tmp_path / 'whole' / 'run', tmp_path / 'run'
    whole.parent.mkdir()
    assert [finish(process) for process in list(ranks(whole))] == [0, 0]
    processes = list(ranks(folder))
    assert wait_for(lambda: list(folder.glob('iter_*.pth')), processes[0])
    os.kill(processes[1].pid, signal.SIGTERM)
    assert [finish(process) for process in processes] == [143, 143]
    assert [finish(process) for process in list(ranks(folder, resume=True))] == [0, 0]
    different = differences(outcome(training, folder), outcome(training, whole))
    report(
        'two processes, SIGTERM to one, resumed', NAME, 1, f'status 143 both, {len(different)} tensors differ'
    )
    assert not different
