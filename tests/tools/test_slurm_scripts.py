"""The Slurm scripts hand the right command to ``srun``; a stand-in prints what it is given."""

import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture
def srun(tmp_path):
    """Run a script with a stand-in for srun; its exit status and the words that srun got."""
    fake = tmp_path / 'srun'
    fake.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    fake.chmod(0o755)

    def run(script: str, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        environment = os.environ | variables | dict(PATH=f'{tmp_path}:{os.environ["PATH"]}')
        command = ['bash', str(TOOLS / script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines() or done.stderr.splitlines()

    return run


def test_train_on_gpus(srun):
    status, words = srun(
        'slurm_train.sh', 'part', 'job', 'c.py', 'dir', '--seed', '1', GPUS='16', SRUN_ARGS='--qos high'
    )
    assert status == 0
    assert words == [
        *'--partition=part --job-name=job --ntasks=16 --gres=gpu:8 --ntasks-per-node=8'.split(),
        *'--cpus-per-task=5 --kill-on-bad-exit=1 --qos high python -u'.split(),
        *f'{TOOLS}/train.py c.py --work-dir=dir --launcher=slurm --seed 1'.split(),
    ]


def test_fewer_processes_than_a_node_holds(srun):
    assert '--gres=gpu:2' in srun('slurm_train.sh', 'part', 'job', 'c.py', 'dir', GPUS='2')[1]


def test_test_on_cpus(srun):
    status, words = srun(
        'slurm_test.sh',
        'part',
        'job',
        'c.py',
        'a b.pth',
        '--tta',
        GPUS='4',
        GPUS_PER_NODE='0',
        CPUS_PER_TASK='2',
    )
    assert status == 0
    assert words == [
        *'--partition=part --job-name=job --ntasks=4 --cpus-per-task=2 --kill-on-bad-exit=1'.split(),
        *f'python -u {TOOLS}/test.py c.py'.split(),
        'a b.pth',
        *'--launcher=slurm --tta'.split(),
    ]


@pytest.mark.parametrize('script', ['slurm_train.sh', 'slurm_test.sh', 'dist_train.sh', 'dist_test.sh'])
def test_too_few_arguments_show_the_usage(srun, script):
    status, words = srun(script, 'one')
    assert status == 2
    assert any(f'tools/{script} ' in line for line in words)
