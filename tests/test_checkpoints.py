"""Which checkpoint is taken: the one with the most iterations of those that load, wherever the folder is."""

import logging
import os
import shutil

import pytest
import torch
from mmengine.runner import runner

from mmlongtail.checkpoints import newest_checkpoint, write_pointer
from mmlongtail.files import DamagedFileError


def save(folder, name, iterations, epoch=0):
    folder.mkdir(exist_ok=True)
    torch.save(dict(meta=dict(iter=iterations, epoch=epoch), state_dict=dict(w=torch.ones(9))), folder / name)
    return folder / name


@pytest.fixture
def run(tmp_path):
    """A work dir with three checkpoints, written in an order that does not tell which is the newest."""
    folder = tmp_path / 'run'
    for name, iterations, epoch in [
        ('epoch_10.pth', 100, 10),
        ('epoch_9.pth', 90, 9),
        ('iter_95.pth', 95, 9),
    ]:
        save(folder, name, iterations, epoch)
    write_pointer(folder, folder / 'epoch_9.pth')
    return folder


def test_the_one_with_the_most_iterations(run):
    assert newest_checkpoint(run) == str(run / 'epoch_10.pth')
    save(run, 'interrupted.pth', 107, 10)
    assert newest_checkpoint(run) == str(run / 'interrupted.pth')
    save(run, 'best_accuracy_top1_epoch_11.pth', 110, 11)  # without the optimizer's state
    assert newest_checkpoint(run) == str(run / 'interrupted.pth')


def test_equal_iterations_take_the_finished_epoch(run):
    save(run, 'interrupted.pth', 100, 9)
    assert newest_checkpoint(run) == str(run / 'epoch_10.pth')


@pytest.mark.parametrize('pointer', ['', None, 'nowhere.pth', '/gone/epoch_10.pth'])
def test_the_pointer_does_not_matter(run, pointer):
    (run / 'last_checkpoint').unlink()
    if pointer is not None:
        (run / 'last_checkpoint').write_text(pointer)
    assert newest_checkpoint(run) == str(run / 'epoch_10.pth')


def test_a_moved_or_copied_folder_goes_on_with_its_own(run, tmp_path):
    assert (run / 'last_checkpoint').read_text() == 'epoch_9.pth'
    shutil.copytree(run, tmp_path / 'copy')
    assert newest_checkpoint(tmp_path / 'copy') == str(tmp_path / 'copy' / 'epoch_10.pth')
    run.rename(tmp_path / 'moved')
    assert newest_checkpoint(tmp_path / 'moved') == str(tmp_path / 'moved' / 'epoch_10.pth')


def test_checkpoints_kept_elsewhere_are_found(run, tmp_path):
    work_dir = tmp_path / 'logs'
    work_dir.mkdir()
    write_pointer(work_dir, run / 'epoch_9.pth')
    assert os.path.samefile(newest_checkpoint(work_dir), run / 'epoch_10.pth')


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def empty(path):
    path.write_bytes(b'')


def flip(path):
    content = bytearray(path.read_bytes())
    content[content.index(bytes(torch.ones(9).numpy().tobytes())) + 6] ^= 1
    path.write_bytes(content)


def foreign(path):
    path.write_text('no checkpoint')


def without_meta(path):
    torch.save(dict(w=torch.ones(2)), path)


@pytest.mark.parametrize(
    ('damage', 'words'),
    [
        (cut, 'is cut off'),
        (empty, 'is empty'),
        (flip, 'is damaged: epoch_10/data/0 in it has not the checksum'),
        (foreign, ''),
        (without_meta, 'it does not say how far the run was'),
    ],
)
def test_damaged_ones_are_passed_over_and_named(run, damage, words, caplog, monkeypatch):
    damage(run / 'epoch_10.pth')
    said = []
    monkeypatch.setattr(
        'mmlongtail.checkpoints.print_log', lambda text, **how: said.append((text, how['level']))
    )
    assert newest_checkpoint(run) == str(run / 'iter_95.pth')
    [(text, level)] = said
    assert level == logging.WARNING
    assert text.startswith(f'{run / "epoch_10.pth"} is passed over: {words}')
    assert len(text.splitlines()) == 1


def test_none_that_loads_is_no_fresh_start(run):
    for path in run.glob('*.pth'):
        cut(path)
    with pytest.raises(
        DamagedFileError, match='no checkpoint in .*run loads .*epoch_10.pth: is cut off.*iter_95'
    ):
        newest_checkpoint(run)


@pytest.mark.parametrize('pointer', [None, '', 'epoch_1.pth', '../gone/epoch_1.pth'])
def test_none_at_all(tmp_path, pointer):
    assert newest_checkpoint(tmp_path / 'nowhere') is None
    if pointer is not None:
        (tmp_path / 'last_checkpoint').write_text(pointer)
    assert newest_checkpoint(tmp_path) is None


def test_a_runner_takes_it_too():
    assert runner.find_latest_checkpoint is newest_checkpoint
