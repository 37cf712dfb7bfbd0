"""A training that takes a second: a linear model over eight small pictures of two kinds."""

import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.device import get_device

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
sys.path.append(str(TOOLS / 'data'))  # where a tool that is started finds the modules beside it

CONFIG = """
default_scope = 'mmpretrain'
data_preprocessor = dict(num_classes=2, mean=[128] * 3, std=[64] * 3)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4, num_stages=1, strides=(1,),
        dilations=(1,), out_indices=(0,), norm_cfg=dict(type='GN', num_groups=1)),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=4, loss=dict(type='CrossEntropyLoss')),
)
pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
dataset = dict(type='CustomDataset', data_root={data_root!r}, pipeline=pipeline)
train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=True, dataset=dataset,
    sampler=dict(type='DefaultSampler', shuffle=True))
val_dataloader = dict(batch_size=4, num_workers=0, dataset=dataset,
    sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=1)
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9))
train_cfg = dict(by_epoch=True, max_epochs=2)
val_cfg = dict()
test_cfg = dict()
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
custom_hooks = [dict(type='ProgressBarHook'), dict(type='ChannelsLastHook')]
env_cfg = dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
randomness = dict(seed=3)
"""


@pytest.fixture(autouse=True)
def environment():
    """The tools set variables for the launchers; they must not leak into other tests."""
    before = os.environ.copy()
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def tool() -> Callable:
    """The ``main`` of a tool named by its path under ``tools/``."""
    return lambda name: runpy.run_path(str(TOOLS / name))['main']


@pytest.fixture(scope='session')
def pictures(tmp_path_factory) -> Path:
    """Eight 12 x 12 pictures, bright on the left or on the right."""
    root = tmp_path_factory.mktemp('pictures')
    noise = np.random.RandomState(0)
    for i in range(8):
        picture = noise.randint(0, 128, (12, 12, 3))
        picture[:, 6 * (i % 2) :][:, :6] += 100
        (root / f'class{i % 2}').mkdir(exist_ok=True)
        cv2.imwrite(str(root / f'class{i % 2}' / f'{i}.png'), picture)
    return root


@pytest.fixture
def tiny_config(tmp_path, pictures) -> Path:
    """A config that each test names differently: MMEngine keeps logs of equal names together."""
    path = tmp_path / f'{tmp_path.name}.py'
    path.write_text(CONFIG.replace('{data_root!r}', repr(str(pictures))))
    return path


@pytest.fixture
def weights() -> Callable:
    """All weights of a checkpoint file in one vector."""

    def flat(path: Path) -> torch.Tensor:
        state = torch.load(path, map_location='cpu')['state_dict']
        return torch.cat([value.flatten() for value in state.values()])

    return flat


def free_port() -> str:
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return str(server.getsockname()[1])


@pytest.fixture
def two_processes() -> Callable:
    """Run ``dist_*.sh`` in two processes on the CPU; its combined output."""
    if get_device() != 'cpu':
        pytest.skip('two processes need two GPUs where there is one')

    def run(script: str, *arguments) -> str:
        path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
        environment = os.environ | dict(PATH=path, PORT=free_port(), OMP_NUM_THREADS='1')
        command = ['bash', str(TOOLS / script), *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run
