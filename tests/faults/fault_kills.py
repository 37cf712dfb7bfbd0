"""Kills at any moment: each run goes on, as often as it is killed, to the weights of one that never stopped."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from runs import differences, finish, killed_after, outcome, start, wait_for

NAMES = ('two branches', 'NCL', 'one network, workers', 'two stages')


class KilledAtChange:
    """Kills its process right before the n-th change of the folder by a checkpoint: where MMEngine loses one."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self) -> None:
        for name in ('fsync', 'replace', 'unlink'):
            setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, function):
        def change(*args, **kwargs):
            self.left -= 1
            if self.left == 0:
                os.killpg(0, signal.SIGKILL)
            return function(*args, **kwargs)

        return change


def killed_once(training, folder: Path, seconds: float, draw: random.Random) -> bool:
    """Whether a kill hit the run before it ended: at a moment, or at a change of the folder."""
    if draw.random() < 0.5:
        return killed_after(start(training, folder, resume=True), draw.uniform(0.2, 1.0) * seconds)
    process = start(training, folder, resume=True, before=KilledAtChange(draw.randrange(1, 60)))
    status = finish(process)
    assert status in (0, -signal.SIGKILL), Path(f'{folder}.log').read_text()[-3000:]
    return status == -signal.SIGKILL


@pytest.mark.parametrize('name', NAMES)
def test_kills(name, trainings, reference, kills, report, tmp_path):
    """Chains of kills and resumes until there were enough kills."""
    training, draw = trainings[name], random.Random(name)
    expected, seconds = reference(name)
    done = chains = wrong = 0
    while done < kills:
        folder, chains = tmp_path / str(chains), chains + 1
        began, limit = time.monotonic(), done + 8  # then it may come to its end
        while done < min(kills, limit) and killed_once(training, folder, seconds, draw):
            done += 1
        assert finish(start(training, folder, resume=True)) == 0, Path(f'{folder}.log').read_text()[-3000:]
        wrong += bool(differences(outcome(training, folder), expected))
        assert time.monotonic() - began < 600
    report('kills, each resumed', name, done, f'{chains - wrong} of {chains} runs end with equal bits')
    assert not wrong


@pytest.mark.parametrize('name', NAMES)
def test_sigterm(name, trainings, reference, report, tmp_path):
    """What Slurm sends at the end of the time: to the run and to its workers."""
    training = trainings[name]
    expected, _ = reference(name)
    folder = tmp_path / 'run'
    process = start(training, folder, resume=True)
    assert wait_for(lambda: list(folder.rglob('iter_*.pth')), process)
    os.killpg(process.pid, signal.SIGTERM)
    status = finish(process)
    assert status == 143, Path(f'{folder}.log').read_text()[-3000:]
    assert finish(start(training, folder, resume=True)) == 0
    different = differences(outcome(training, folder), expected)
    report(
        'SIGTERM to the run and its workers, resumed',
        name,
        1,
        f'status {status}, {len(different)} tensors differ',
    )
    assert not different
