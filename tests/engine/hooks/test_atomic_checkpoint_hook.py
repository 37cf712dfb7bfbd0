"""A run that is killed between any two changes of its folder, or whose disk is full, has a checkpoint that loads."""

import os
import resource
import shutil
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import save_checkpoint

from mmlongtail.checkpoints import newest_checkpoint
from mmlongtail.engine.hooks import AtomicCheckpointHook
from mmlongtail.engine.hooks.checkpoint_size import optimizer_bytes, weight_bytes
from mmlongtail.files import DiskFullError

SCORES = dict(zip(range(1, 7), (10.0, 30.0, 20.0, 40.0, 35.0, 50.0)))
LAYER = torch.nn.Linear(50, 20)


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


class Training:
    """What the hook sees of MMEngine's Runner: six epochs of ten iterations, each with a score afterwards."""

    max_epochs, max_iters = 6, 60

    def __init__(self, work_dir, **hook):
        self.work_dir = str(work_dir)
        self.hook = AtomicCheckpointHook(interval=1, **hook)
        self.message_hub, self.epoch, self.iter = MessageHub('training'), 0, 0
        self._resume, self._load_from = False, None
        self.model, self.said = LAYER, []
        self.optim_wrapper = OptimWrapper(torch.optim.SGD(LAYER.parameters(), lr=0.1, momentum=0.9))
        self.logger = SimpleNamespace(info=self.said.append, warning=self.said.append)
        os.makedirs(work_dir, exist_ok=True)

    def save_checkpoint(self, out_dir, filename, meta, backend_args, **_):
        content = dict(meta=dict(meta), message_hub=self.message_hub.state_dict(), weight=torch.ones(100))
        save_checkpoint(content, os.path.join(out_dir, filename), backend_args=backend_args)

    def resume(self):
        self._resume, self._load_from = True, newest_checkpoint(self.work_dir)
        checkpoint = torch.load(self._load_from)
        self.epoch, self.iter = checkpoint['meta']['epoch'], checkpoint['meta']['iter']
        self.message_hub.load_state_dict(checkpoint['message_hub'])
        return self

    def run(self, epochs=6):
        """To the end of these epochs; a validation that follows the checkpoint comes first, as in the real loop."""
        self.hook.before_train(self)
        if self.epoch:
            self.validate()
        while self.epoch < epochs:
            self.iter += 10
            self.hook.after_train_epoch(self)
            self.epoch += 1
            self.validate()
        return self.files()

    def validate(self):
        if self.hook.save_best:
            self.hook.after_val_epoch(self, {'acc': SCORES[self.epoch], 'loss': SCORES[self.epoch]})

    def files(self):
        return sorted(path.name for path in Path(self.work_dir).iterdir())


@pytest.fixture
def changes(monkeypatch):
    """Raises before the n-th change of the folder: a file's end, a rename, a deletion."""
    count = SimpleNamespace(left=0, kinds=[])

    def counted(kind, function):
        def change(*args, **kwargs):
            count.left -= 1
            count.kinds.append(kind)
            if not count.left:
                raise Killed
            return function(*args, **kwargs)

        return change

    monkeypatch.setattr(os, 'fsync', counted('fsync', lambda descriptor: None))  # a disk takes its time
    for name in ('replace', 'unlink'):
        monkeypatch.setattr(os, name, counted(name, getattr(os, name)))
    return count


def test_the_last_two_are_kept_and_the_pointer_names_the_last(tmp_path):
    run = Training(tmp_path / 'run')
    assert run.run() == ['epoch_5.pth', 'epoch_6.pth', 'last_checkpoint']
    assert (tmp_path / 'run' / 'last_checkpoint').read_text() == 'epoch_6.pth'
    assert len(Training(tmp_path / 'three', max_keep_ckpts=3).run()) == 3 + 1
    assert len(Training(tmp_path / 'all', max_keep_ckpts=-1).run()) == 6 + 1


@pytest.mark.parametrize('keep', [1, 2])
@pytest.mark.parametrize('best', [None, 'acc', ['acc', 'loss']])
def test_killed_before_any_change_it_ends_as_if_never(tmp_path, changes, keep, best):
    """MMEngine's hook deletes first: with one checkpoint kept it is lost at a kill in the middle."""
    settings = dict(max_keep_ckpts=keep, save_best=best)
    expected = Training(tmp_path / 'whole', **settings).run()
    total = len(changes.kinds)
    assert total > 30
    for number in range(8, total, 4 if best else 1):
        folder = tmp_path / str(number)
        changes.left = number
        with pytest.raises(Killed):
            Training(folder, **settings).run()
        changes.left = 0
        (folder / 'epoch_9.pth.part').write_bytes(b'half')  # a real kill leaves it
        run = Training(folder, **settings).resume()
        assert expected == [name for name in run.run() if name in expected or not name.startswith('best_')]
        if best == 'acc':
            assert run.message_hub.get_info('best_score') == 50
            assert Path(run.message_hub.get_info('best_ckpt')).is_file()


def test_the_best_is_always_there_once_it_was(tmp_path, changes):
    """At a kill the former best one or the new one can be read."""
    expected = Training(tmp_path / 'whole', save_best='acc').run()
    assert [name for name in expected if 'best' in name] == ['best_acc_epoch_6.pth']
    for number in range(20, len(changes.kinds), 3):
        changes.left = number
        with pytest.raises(Killed):
            Training(tmp_path / str(number), save_best='acc').run()
        changes.left = 0
        best = list((tmp_path / str(number)).glob('best_*.pth'))
        assert best and all(torch.load(path)['meta'] for path in best)


def test_a_best_found_right_after_a_resume_is_noted_in_the_last_checkpoint(tmp_path):
    """The kill came between the last checkpoint and its validation."""
    run = Training(tmp_path, save_best='acc')
    run.run(epochs=5)
    run.iter += 10
    run.hook.after_train_epoch(run)
    run.epoch += 1
    later = Training(tmp_path, save_best='acc').resume()
    later.epoch = 6  # the loop sees that the epoch is done
    files = later.run()
    noted = torch.load(tmp_path / 'epoch_6.pth')['message_hub']['runtime_info']['best_ckpt']
    assert os.path.basename(noted) in files and os.path.basename(noted) == 'best_acc_epoch_6.pth'


def test_a_copied_run_leaves_the_best_of_the_original_alone(tmp_path):
    Training(tmp_path / 'run', save_best='acc').run(epochs=4)
    shutil.copytree(tmp_path / 'run', tmp_path / 'copy')
    copy = Training(tmp_path / 'copy', save_best='acc').resume()
    assert [name for name in copy.run() if 'best' in name] == ['best_acc_epoch_6.pth']
    assert (tmp_path / 'run' / 'best_acc_epoch_4.pth').is_file()


def test_what_a_signal_left_goes_with_the_next_checkpoint(tmp_path):
    run = Training(tmp_path)
    run.run(epochs=2)
    run.iter += 3
    run.hook.on_interrupt(run)
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'interrupted.pth')
    assert run.files() == ['epoch_1.pth', 'epoch_2.pth', 'interrupted.pth', 'last_checkpoint']
    later = Training(tmp_path).resume()
    assert (later.epoch, later.iter) == (2, 23)
    assert later.run(epochs=3) == ['epoch_2.pth', 'epoch_3.pth', 'last_checkpoint']


def test_a_full_disk_leaves_what_was_there(tmp_path):
    """A limit of the size of files stands for it: the system's error differs in its number only."""
    run = Training(tmp_path)
    run.run(epochs=2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(DiskFullError, match='epoch_3.pth: File too large.*before it are whole.*--resume'):
            run.run(epochs=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run.files() == ['epoch_1.pth', 'epoch_2.pth', 'last_checkpoint']
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'epoch_2.pth')


@pytest.mark.parametrize(('keep', 'count'), [(1, 2), (2, 3), (-1, 7)])
def test_the_space_is_asked_for_before_the_first_iteration(tmp_path, monkeypatch, keep, count):
    size = weight_bytes(Training(tmp_path)) * 2  # weights and momentum
    need = count * size
    usage = namedtuple('usage', 'total used free')
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: usage(0, 0, need))
    run = Training(tmp_path, max_keep_ckpts=keep)
    run.hook.before_train(run)
    assert f'one more while it is written: {need / 2**20:.0f} MiB to come' in run.said[-1]
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: usage(0, 0, need - 1))
    with pytest.raises(
        DiskFullError, match='MiB free; free some, or lower default_hooks.checkpoint.max_keep'
    ):
        run.hook.before_train(run)


def test_sizes_are_those_of_a_real_checkpoint(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(300, 200), torch.nn.BatchNorm1d(200))
    for optimizer in (
        torch.optim.SGD(model.parameters(), lr=0.1),
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        torch.optim.AdamW(model.parameters()),
    ):
        wrapper = OptimWrapper(optimizer)
        runner = SimpleNamespace(model=model, optim_wrapper=wrapper)
        estimate = weight_bytes(runner) + optimizer_bytes(runner)
        model(torch.ones(2, 300)).sum().backward()
        optimizer.step()
        torch.save(dict(state_dict=model.state_dict(), optimizer=optimizer.state_dict()), tmp_path / 'real')
        assert estimate == pytest.approx((tmp_path / 'real').stat().st_size, rel=0.05, abs=5000)
    runner.optim_wrapper = OptimWrapperDict(one=wrapper, two=wrapper)
    assert optimizer_bytes(runner) == 4 * sum(p.nbytes for p in model.parameters())


@pytest.mark.parametrize(
    'elsewhere', [dict(out_dir='s3://bucket'), dict(backend_args=dict(backend='petrel'))]
)
def test_folders_that_are_not_local_are_refused(elsewhere):
    with pytest.raises(ValueError, match='a local folder is expected'):
        AtomicCheckpointHook(**elsewhere)
