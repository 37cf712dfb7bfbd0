"""Two stages by one command: from scratch, killed anywhere, finished already, in a wrong state."""

import runpy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
STAGE_TWO = """
_base_ = {base!r}
model = dict(head=dict(
    _delete_=True,
    type='LearnableWeightScalingHead',
    classifier=dict(type='LinearClsHead', num_classes=2, in_channels=4, loss=dict(type='CrossEntropyLoss')),
))
custom_hooks = [dict(type='FreezeHook'), dict(type='Witness')]
"""


class Killed(Exception):
    pass


@HOOKS.register_module()
class Witness(Hook):
    """Notes where each training begins, and ends one where a test says so."""

    begun: list = []
    kill = None

    def before_train(self, runner):
        self.begun.append((Path(runner.work_dir).name[-3:], runner.iter))

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if (Path(runner.work_dir).name[-3:], runner.iter) == self.kill:
            raise Killed


@pytest.fixture(autouse=True)
def witness(monkeypatch):
    monkeypatch.setattr(Witness, 'begun', [])
    monkeypatch.setattr(Witness, 'kill', None)
    return Witness


@pytest.fixture
def configs(tiny_config) -> list[str]:
    """A stage of 4 iterations, and one that learns factors of its classifier in as many."""
    one, two = (tiny_config.with_name(f'{tiny_config.stem}_{name}.py') for name in ('one', 'two'))
    one.write_text(tiny_config.read_text() + "\ncustom_hooks += [dict(type='Witness')]\n")
    two.write_text(STAGE_TWO.format(base=one.name))
    return [str(one), str(two)]


@pytest.fixture
def train_stages(tool, configs, tmp_path, monkeypatch):
    """Train both stages; the folder of their work dirs."""
    monkeypatch.syspath_prepend(TOOLS)
    main = tool('train_stages.py')

    def run(folder: str, *options: str, stages=configs) -> Path:
        main([*stages, '--work-dir', str(tmp_path / folder), '--no-validate', *options])
        return tmp_path / folder

    return run


def last(folder: Path, stage: str) -> Path:
    (work_dir,) = folder.glob(f'*_{stage}')
    return work_dir / 'epoch_2.pth'


def test_killed_twice_it_ends_as_if_never(train_stages, weights, witness):
    whole = train_stages('whole')
    assert witness.begun == [('one', 0), ('two', 0)]
    assert_stage_two_began_where_stage_one_ended(whole)
    witness.begun.clear()
    for kill in (('one', 3), ('two', 3)):
        witness.kill = kill
        with pytest.raises(Killed):
            train_stages('parts')
    witness.kill = None
    parts = train_stages('parts')
    assert witness.begun == [('one', 0), ('one', 2), ('two', 0), ('two', 2)]  # resumed at epochs
    for stage in ('one', 'two'):
        assert torch.equal(weights(last(parts, stage)), weights(last(whole, stage)))
    witness.begun.clear()
    train_stages('parts')
    assert witness.begun == []


def assert_stage_two_began_where_stage_one_ended(folder):
    """Nothing but the factors of the classes is learned in stage 2."""
    one, two = (torch.load(last(folder, stage), map_location='cpu')['state_dict'] for stage in ('one', 'two'))
    scale = two.pop('head.classifier.fc.scale')
    renamed = {name.replace('classifier.fc.layer', 'fc'): value for name, value in two.items()}
    assert renamed.keys() == one.keys()
    assert all(torch.equal(value, one[name]) for name, value in renamed.items())
    assert (scale != 1).all()


def test_a_moved_stage_that_train_py_trained_is_taken(tool, train_stages, configs, tmp_path, witness):
    name = Path(configs[0]).stem
    tool('train.py')([configs[0], '--work-dir', str(tmp_path / 'old' / name), '--no-validate'])
    (tmp_path / 'old').rename(tmp_path / 'new')
    witness.begun.clear()
    witness.kill = ('two', 0)
    with pytest.raises(Killed):
        train_stages('new')
    assert witness.begun == [('two', 0)]


def test_options_reach_every_stage(train_stages):
    folder = train_stages('seeded', '--seed', '11', '--cfg-options', 'train_cfg.max_epochs=1')
    metas = [torch.load(work_dir / 'epoch_1.pth')['meta'] for work_dir in folder.iterdir()]
    assert [(meta['seed'], meta['epoch']) for meta in metas] == [(11, 1), (11, 1)]


@pytest.mark.parametrize(
    ('loop', 'begun', 'finished'),
    [
        (dict(by_epoch=True, max_epochs=3), None, True),
        (dict(by_epoch=True, max_epochs=4), None, False),
        (dict(by_epoch=True, max_epochs=4), dict(epoch=3, iter=20, batches=10), True),
        (dict(by_epoch=True, max_epochs=4), dict(epoch=3, iter=20, batches=11), False),
        (dict(by_epoch=True, max_epochs=4), dict(epoch=2, iter=20, batches=10), False),
        (dict(by_epoch=False, max_iters=30), None, True),
        (dict(by_epoch=False, max_iters=31), None, False),
    ],
)
def test_what_is_finished(loop, begun, finished, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    is_finished = runpy.run_path(str(TOOLS / 'train_stages.py'))['is_finished']
    hub = dict(runtime_info=dict(epoch_begun=begun))
    torch.save(dict(meta=dict(epoch=3, iter=30), message_hub=hub), tmp_path / 'some.pth')
    assert is_finished(Config(dict(train_cfg=loop)), str(tmp_path / 'some.pth')) is finished
    assert not is_finished(Config(dict(train_cfg=loop)), None)


def test_a_stage_without_its_beginning_is_refused(train_stages, configs, tmp_path, witness):
    work_dir = tmp_path / 'half' / Path(configs[1]).stem
    work_dir.mkdir(parents=True)
    torch.save(dict(meta=dict(epoch=1, iter=2)), work_dir / 'epoch_1.pth')
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'epoch_1.pth'))
    with pytest.raises(
        SystemExit, match='has a checkpoint, but the stage before it, .*_one, is not finished'
    ):
        train_stages('half')
    assert witness.begun == []


def test_usage_errors(train_stages, configs, capsys):
    for options, stages, words in [
        ([], [configs[0]] * 2, 'each stage needs a work dir of its own'),
        (['--resume'], configs, '--resume is what this tool does'),
        ([], [configs[0], 'nowhere.py'], 'config file not found: nowhere.py'),
    ]:
        with pytest.raises(SystemExit) as error:
            train_stages('usage', *options, stages=stages)
        assert error.value.code == 2
        assert words in capsys.readouterr().err
