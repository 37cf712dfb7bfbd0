"""Options of the tools: who has the last word, what the machine decides, how a run ends."""

import os
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.device import get_device
from torch import distributed

from mmlongtail.apis import command_line
from mmlongtail.files import DamagedFileError


@pytest.fixture(autouse=True)
def environment():
    before = os.environ.copy()
    os.environ.pop('LOCAL_RANK', None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def prepare(tmp_path):
    """Write a config and read it as the tools do."""
    path = tmp_path / 'collab' / 'voc_lt.py'
    path.parent.mkdir()

    def run(text: str, *options: str) -> Config:
        path.write_text(text)
        return command_line.parse(command_line.common_parser('test'), [str(path), *options])[1]

    return run


@pytest.mark.parametrize(
    ('text', 'options', 'expected'),
    [
        ('', [], 'work_dirs/collab/voc_lt'),
        ('work_dir = "mine"', [], 'mine'),
        ('work_dir = "mine"', ['--cfg-options', 'work_dir=other'], 'other'),
        ('work_dir = "mine"', ['--work-dir', 'last', '--cfg-options', 'work_dir=other'], 'last'),
    ],
)
def test_work_dir(prepare, text, options, expected):
    assert prepare(text, *options).work_dir == expected


def test_options_override_the_file(prepare):
    cfg = prepare('a = dict(b=1)\nc = [1]', '--cfg-options', 'a.b=2', 'c=3,4', '--launcher', 'slurm')
    assert (cfg.a.b, cfg.c, cfg.launcher) == (2, [3, 4], 'slurm')


LOADER = 'train_dataloader = dict(num_workers={workers}{more})\nval_dataloader = None'


@pytest.mark.parametrize(
    ('workers', 'more', 'options', 'persistent'),
    [
        (2, '', [], True),
        (2, ', persistent_workers=False', [], False),
        (2, '', ['--no-persistent-workers'], False),
        (0, ', persistent_workers=True', [], False),  # torch refuses it without workers
        (2, '', ['--cfg-options', 'train_dataloader.num_workers=0'], False),
    ],
)
def test_persistent_workers(prepare, workers, more, options, persistent):
    cfg = prepare(LOADER.format(workers=workers, more=more), *options)
    assert cfg.train_dataloader.persistent_workers is persistent
    assert cfg.train_dataloader.collate_fn.type == 'default_collate'
    assert cfg.val_dataloader is None
    assert 'test_dataloader' not in cfg


@pytest.mark.parametrize('cuda', [False, True])
def test_memory_is_pinned_for_a_gpu_only(prepare, monkeypatch, cuda):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    text = LOADER.format(workers=2, more='')
    assert prepare(text).train_dataloader.pin_memory is cuda
    assert prepare(text, '--no-pin-memory').train_dataloader.pin_memory is False


def test_local_rank_comes_from_the_launcher(prepare):
    prepare('', '--local-rank', '3')
    assert os.environ['LOCAL_RANK'] == '3'
    prepare('', '--local-rank', '0')  # the environment's has the last word
    assert os.environ['LOCAL_RANK'] == '3'


def test_a_missing_config_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as error:
        command_line.parse(command_line.common_parser('test'), ['nowhere.py'])
    assert error.value.code == 2
    assert capsys.readouterr().err.endswith('error: config file not found: nowhere.py\n')


@pytest.mark.parametrize(
    ('device', 'expected'),
    [('cpu', 'AutocastOptimWrapper'), ('mps', 'AutocastOptimWrapper'), ('cuda', 'AmpOptimWrapper')],
)
def test_amp_wrapper_type(monkeypatch, device, expected):
    monkeypatch.setattr(command_line, 'get_device', lambda: device)
    assert command_line.amp_wrapper_type() == expected


@pytest.fixture
def fake_runner(monkeypatch):
    """No Runner is built; notes whether the process group was left, which stands for any launcher."""
    seen = SimpleNamespace(left=0)
    monkeypatch.setattr(command_line, 'init_cpu_distributed', lambda cfg: cfg.launcher != 'none')
    monkeypatch.setattr(command_line, 'leave_cpu_distributed', lambda: setattr(seen, 'left', seen.left + 1))
    monkeypatch.setattr(command_line.Runner, 'from_cfg', lambda cfg: 'default runner')
    monkeypatch.setattr(command_line.StrategyRunner, 'from_cfg', lambda cfg: 'runner of strategies')
    monkeypatch.setattr(command_line.RUNNERS, 'build', lambda cfg: cfg.runner_type)
    return seen


@pytest.mark.parametrize(
    ('cfg', 'expected'),
    [
        (dict(), 'default runner'),
        (dict(runner_type='OwnRunner'), 'OwnRunner'),
        (dict(runner_type='FlexibleRunner'), 'runner of strategies'),
        (dict(strategy=dict(type='FSDPStrategy')), 'runner of strategies'),
    ],
)
def test_the_config_chooses_the_runner(fake_runner, cfg, expected):
    got = []
    command_line.run(Config(dict(cfg, launcher='none')), got.append)
    assert (got, fake_runner.left) == ([expected], 0)


@pytest.mark.parametrize(
    ('error', 'status'),
    [
        (FileNotFoundError, 2),
        (DamagedFileError, 2),
        (PermissionError, 2),
        (FloatingPointError, 1),
        (KeyError, None),
    ],
)
def test_what_a_user_can_mend_ends_in_one_line_and_the_group_is_left(fake_runner, capsys, error, status):
    def fail(runner):
        raise error('data/x is missing: run this')

    with pytest.raises(SystemExit if status else error) as end:
        command_line.run(Config(dict(launcher='pytorch')), fail)
    assert fake_runner.left == 1
    shown = capsys.readouterr().err
    assert shown == ('error: data/x is missing: run this\n' if status else '')
    assert not status or end.value.code == status


@pytest.mark.parametrize(
    ('cfg', 'expected', 'words'),
    [
        (dict(), (None, None), ''),
        (dict(resume=False, load_from='start.pth'), (False, 'start.pth'), ''),
        (dict(resume=True, load_from='mine.pth'), (True, 'mine.pth'), ''),
        (dict(resume=True), (True, 'NEWEST'), 'going on from NEWEST\n'),
        (dict(resume='auto', load_from='start.pth'), (True, 'NEWEST'), 'going on from NEWEST\n'),
        (
            dict(resume='auto', work_dir='EMPTY'),
            (False, None),
            'no checkpoint in EMPTY: starting from scratch\n',
        ),
        (
            dict(resume='auto', work_dir='EMPTY', load_from='start.pth'),
            (False, 'start.pth'),
            'no checkpoint in EMPTY: starting as at first, from start.pth\n',
        ),
    ],
)
def test_where_a_run_goes_on(tmp_path, capsys, cfg, expected, words):
    (tmp_path / 'run').mkdir()
    torch.save(dict(meta=dict(iter=3, epoch=1)), tmp_path / 'run' / 'epoch_1.pth')
    cfg = Config(dict(dict(work_dir=str(tmp_path / 'run')), **cfg))
    command_line.find_resume(cfg)
    newest = str(tmp_path / 'run' / 'epoch_1.pth')
    assert (cfg.get('resume'), cfg.get('load_from')) == tuple(
        newest if x == 'NEWEST' else x for x in expected
    )
    assert capsys.readouterr().out == words.replace('NEWEST', newest)


@pytest.mark.skipif(get_device() != 'cpu', reason='the process group of the CPU')
def test_nested_runs_share_the_outermost_process_group(prepare, monkeypatch):
    address = dict(RANK='0', WORLD_SIZE='1', MASTER_ADDR='127.0.0.1', MASTER_PORT='0')
    for name, value in address.items():
        monkeypatch.setenv(name, value)
    first, second = prepare('', '--launcher', 'pytorch'), prepare('', '--launcher', 'pytorch')
    with command_line.cpu_processes(first):
        with command_line.cpu_processes(second):
            assert second.model_wrapper_cfg.device_ids is None
        assert distributed.is_initialized()
    assert not distributed.is_initialized()
