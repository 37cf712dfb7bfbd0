"""Unusable versions are refused in a sentence, CPUs can train together."""

import builtins
import os
import socket
import sys
import types
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmlongtail import compat

GOOD = dict(
    torch='2.13.0+cpu',
    torchvision='0.28.0',
    numpy='1.26.4',
    mmpretrain='1.2.0',
    mmengine='0.10.7',
    **{'mmcv-lite': '2.2.0', 'opencv-python': '4.11.0.86'},
)
FORKS = dict(
    torch='2.13.0',
    torchvision='0.28.0',
    numpy='2.4.0',
    **{'onedl-mmpretrain': '1.3.6', 'onedl-mmengine': '0.10.12', 'onedl-mmcv': '2.3.6'},
)


@pytest.mark.parametrize(
    'versions',
    [
        GOOD,
        FORKS,
        GOOD | {'numpy': '2.4.0', 'opencv-python': '4.13.0.1'},
        GOOD | {'mmpretrain': ''},
        GOOD | {'numpy': '', 'opencv-python': '4.5'},
    ],
)
def test_usable_versions(versions):
    assert compat.version_problem(versions) is None


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(mmpretrain=None), ['needs mmpretrain', 'pip install -r requirements/tested.txt']),
        ({'mmcv-lite': None}, ['needs mmcv', 'pip install -r']),
        (dict(torchvision=None), ['needs torchvision', 'pip install -r']),
        (
            {'onedl-mmpretrain': '1.3.6'},
            [
                'mmpretrain and onedl-mmpretrain',
                'pip uninstall -y mmpretrain onedl-mmpretrain',
                'pip install mmpretrain',
            ],
        ),
        ({'mmcv': '2.1.0'}, ['mmcv and mmcv-lite', 'pip uninstall -y mmcv mmcv-lite']),
        (dict(torch='2.5.1+cu121'), ['torch>=2.6', 'found 2.5.1+cu121', 'pip install "torch>=2.6"']),
        (dict(mmpretrain='0.25.0'), ['mmpretrain>=1.0', 'found 0.25.0']),
        ({'mmcv-lite': '1.7.2'}, ['mmcv-lite>=2.0', 'found 1.7.2']),
        (
            {'numpy': '2.2.6', 'opencv-python': '4.9.0.80'},
            ['opencv-python 4.9.0.80', 'numpy 2.2.6', 'pip install "opencv-python>=4.10"'],
        ),
    ],
)
def test_unusable_versions_are_refused_in_one_sentence(change, words, monkeypatch):
    versions = {name: version for name, version in (GOOD | change).items() if version is not None}
    monkeypatch.setattr(compat, 'installed_versions', lambda: versions)
    with pytest.raises(ImportError) as error:
        compat.check_versions()
    assert all(word in str(error.value) for word in words)
    assert '\n' not in str(error.value)


def test_installed_versions_are_those_of_the_imported_packages():
    versions = compat.installed_versions()
    assert versions['numpy'] == np.__version__
    assert versions['torch'].split('+')[0] == torch.__version__.split('+')[0]
    assert compat.version_problem(versions) is None


def test_torchvision_for_another_torch_imports(monkeypatch):
    """As with a CUDA build of torchvision beside a CPU build of torch."""
    attempts, defined = [], []
    real_import = builtins.__import__

    def torchvision_fails_once(name, *args, **kwargs):
        if name != 'torchvision':
            return real_import(name, *args, **kwargs)
        attempts.append('torchvision.io' in sys.modules)
        if len(attempts) == 1:
            raise RuntimeError('operator torchvision::nms does not exist')

    class Library:
        def __init__(self, *args):
            assert args == ('torchvision', 'FRAGMENT')

        def define(self, schema):
            defined.append(schema.split('(')[0])

    monkeypatch.setattr(sys, 'modules', dict(sys.modules, **{'torchvision.io': object()}))
    monkeypatch.setattr(torch.library, 'Library', Library)
    monkeypatch.setattr(builtins, '__import__', torchvision_fails_once)
    compat.mend_torchvision()
    assert attempts == [True, False]  # the second time without the remains of the first
    assert defined == ['nms', 'qnms']


def test_other_errors_of_torchvision_are_not_hidden(monkeypatch):
    real_import = builtins.__import__

    def broken(name, *args, **kwargs):
        if name == 'torchvision':
            raise RuntimeError('something else')
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', broken)
    with pytest.raises(RuntimeError, match='something else'):
        compat.mend_torchvision()


@pytest.fixture
def free_port() -> str:
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return str(server.getsockname()[1])


@pytest.fixture
def no_group():
    yield
    if dist.is_initialized():
        dist.destroy_process_group()


def fake_scontrol(folder) -> None:
    path = folder / 'scontrol'
    path.write_text(
        '#!/bin/sh\n[ "$*" = "show hostnames localhost,other" ] && echo localhost && echo other\n'
    )
    path.chmod(0o755)


@pytest.mark.parametrize('launcher', ['pytorch', 'slurm', 'mpi'])
def test_processes_on_cpus_meet_by_gloo(launcher, free_port, no_group, tmp_path, monkeypatch):
    names = dict(
        pytorch=dict(RANK='0', WORLD_SIZE='1', LOCAL_RANK='0', MASTER_ADDR='localhost'),
        slurm=dict(SLURM_PROCID='0', SLURM_NTASKS='1', SLURM_LOCALID='0', SLURM_NODELIST='localhost,other'),
        mpi=dict(
            OMPI_COMM_WORLD_RANK='0',
            OMPI_COMM_WORLD_SIZE='1',
            OMPI_COMM_WORLD_LOCAL_RANK='0',
            MASTER_ADDR='localhost',
        ),
    )[launcher]
    fake_scontrol(tmp_path)
    monkeypatch.setattr(os, 'environ', os.environ.copy())
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR'):
        os.environ.pop(name, None)
    os.environ.update(names, MASTER_PORT=free_port, PATH=f'{tmp_path}:{os.environ["PATH"]}')
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cpu')
    cfg = Config(dict(launcher=launcher, find_unused_parameters=True))
    assert compat.init_cpu_distributed(cfg)
    assert (dist.get_backend(), dist.get_rank(), dist.get_world_size()) == ('gloo', 0, 1)
    assert os.environ['LOCAL_RANK'] == '0'
    assert cfg.model_wrapper_cfg.device_ids is None
    assert cfg.model_wrapper_cfg.find_unused_parameters


@pytest.mark.parametrize(('launcher', 'device'), [('none', 'cpu'), ('pytorch', 'cuda')])
def test_other_runs_are_left_alone(launcher, device, monkeypatch):
    monkeypatch.setattr('mmengine.device.get_device', lambda: device)
    cfg = Config(dict(launcher=launcher))
    assert not compat.init_cpu_distributed(cfg)
    assert not dist.is_initialized()
    assert 'model_wrapper_cfg' not in cfg


@pytest.mark.parametrize('helpers', [{}, dict(apply_chunking_to_forward=len)])
def test_multimodal_models_need_the_helpers_that_they_import(helpers, monkeypatch):
    from mmpretrain.utils import dependency

    monkeypatch.setattr(dependency, 'WITH_MULTIMODAL', True)
    monkeypatch.setitem(
        sys.modules, 'transformers', SimpleNamespace(modeling_utils=SimpleNamespace(**helpers))
    )
    compat.leave_out_multimodal()
    assert dependency.WITH_MULTIMODAL == bool(helpers)


def test_missing_operators_are_hidden_and_other_warnings_are_not():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        compat.silence_missing_operators()
        warnings.warn('Fail to import ``MultiScaleDeformableAttention`` from ``mmcv.ops``', stacklevel=1)
        warnings.warn('something else', stacklevel=1)
    assert [str(warning.message) for warning in seen] == ['something else']


def test_any_default_hook_can_be_none():
    runner = Runner.__new__(Runner)
    runner._hooks = []
    runner.register_default_hooks(dict(timer=None, mine=None, other=Hook()))
    names = {type(hook).__name__ for hook in runner.hooks}
    own = {'RuntimeInfoHook', 'DistSamplerSeedHook', 'LoggerHook', 'ParamSchedulerHook', 'CheckpointHook'}
    assert names == own | {'Hook'}


def test_deepspeed_without_the_optimizers_that_mmengine_asks_for(monkeypatch):
    """A stand-in: DeepSpeed is not installed, and its newer releases have no one-bit optimizers."""
    from mmengine._strategy import deepspeed as strategy

    names = ('deepspeed', 'deepspeed.ops', 'deepspeed.ops.adam', 'deepspeed.ops.lamb')
    for name in names:
        module = types.ModuleType(name)
        module.__path__ = []
        for kind in ('DeepSpeedCPUAdam', 'FusedAdam', 'FusedLamb'):
            setattr(module, kind, type(kind, (), {}))
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(ModuleNotFoundError, match='deepspeed.runtime'):
        strategy.register_deepspeed_optimizers.__wrapped__()
    assert strategy.register_deepspeed_optimizers() == []
