"""Training from the command line: every option does what it says."""

import json
import logging

import pytest
import torch
from mmengine.config import Config
from mmengine.device import get_device


@pytest.fixture
def train(tool, tiny_config, tmp_path):
    """Train the tiny config with these options; the work dir."""
    main = tool('train.py')

    def run(*options: str, work_dir: str = 'run'):
        main([str(tiny_config), '--work-dir', str(tmp_path / work_dir), *options])
        return tmp_path / work_dir

    return run


def scalars(work_dir) -> list[dict]:
    """What all runs in a work dir logged, in order."""
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_training_writes_its_parts(train):
    work_dir = train()
    assert (work_dir / 'epoch_2.pth').is_file()
    assert [log['step'] for log in scalars(work_dir) if 'accuracy/top1' in log] == [1, 2]
    cfg = Config.fromfile(next(work_dir.glob('*.py')))
    assert cfg.train_dataloader.persistent_workers is False  # the config wants it, without workers
    assert cfg.train_dataloader.pin_memory is torch.cuda.is_available()


@pytest.mark.parametrize('resume', [['--resume'], ['--resume', 'PATH']])
def test_resume_gives_the_same_weights(train, weights, resume):
    whole = train()
    short = train('--cfg-options', 'train_cfg.max_epochs=1', work_dir='parts')
    assert not (short / 'epoch_2.pth').exists()
    train(*(str(short / 'epoch_1.pth') if word == 'PATH' else word for word in resume), work_dir='parts')
    first, last = weights(whole / 'epoch_1.pth'), weights(whole / 'epoch_2.pth')
    assert torch.equal(weights(short / 'epoch_1.pth'), first)
    assert not torch.equal(first, last)
    assert torch.equal(weights(short / 'epoch_2.pth'), last)


def test_resume_with_no_checkpoint_starts_afresh_and_says_so(train, capsys):
    work_dir = train('--resume')
    assert (work_dir / 'epoch_2.pth').is_file()
    assert f'no checkpoint in {work_dir}: starting from scratch' in capsys.readouterr().out


def test_a_moved_run_goes_on_from_what_loads(train, weights, tmp_path, capsys):
    """The last checkpoint is cut off, the pointer names a folder that is gone."""
    whole = train()
    expected = weights(whole / 'epoch_2.pth')
    whole.rename(tmp_path / 'moved')
    torn = tmp_path / 'moved' / 'epoch_2.pth'
    torn.write_bytes(torn.read_bytes()[:5000])
    # a name of its own: MMEngine takes runs of one name and second for one
    moved = train('--resume', '--cfg-options', 'experiment_name=moved', work_dir='moved')
    shown = capsys.readouterr()
    assert f'{torn} is passed over: is cut off' in shown.out + shown.err
    assert f'going on from {moved / "epoch_1.pth"}' in shown.out
    assert torch.equal(weights(torn), expected)
    torn.write_bytes(b'')
    (moved / 'epoch_1.pth').write_bytes(b'')
    with pytest.raises(SystemExit) as error:
        train('--resume', work_dir='moved')
    assert error.value.code == 2
    assert 'epoch_1.pth: is empty; epoch_2.pth: is empty' in capsys.readouterr().err


def test_seed(train, weights):
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1']
    first, again, other = (
        weights(train('--seed', seed, *options, work_dir=name) / 'epoch_1.pth')
        for name, seed in (('first', '1'), ('again', '1'), ('other', '2'))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_validate(train):
    assert not any('accuracy/top1' in log for log in scalars(train('--no-validate')))


@pytest.mark.skipif(get_device() != 'cpu', reason='the wrapper of the CPU')
def test_amp_on_a_cpu_trains_in_bfloat16(train, weights):
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1']
    work_dir = train('--amp', *options, work_dir='amp')
    assert Config.fromfile(next(work_dir.glob('*.py'))).optim_wrapper.type == 'AutocastOptimWrapper'
    full, half = weights(train(*options) / 'epoch_1.pth'), weights(work_dir / 'epoch_1.pth')
    assert 0 < (full - half).abs().max() < 0.05


def test_auto_scale_lr(train):
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1', 'default_hooks.logger.interval=1']
    options += ['default_hooks.logger.type=LoggerHook', 'auto_scale_lr.base_batch_size=8']
    assert scalars(train('--auto-scale-lr', *options))[-1]['lr'] == 0.5 * 4 / 8  # batches of 4


def test_a_missing_data_root_ends_in_one_line(train, capsys):
    dataset = ['type=ListFileDataset', 'data_root=/nowhere', 'ann_file=train.csv']
    options = [f'train_dataloader.dataset.{setting}' for setting in dataset]
    with pytest.raises(SystemExit) as error:
        train('--cfg-options', *options)
    assert error.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if 'UserWarning' not in line]
    assert lines[-1].startswith('error: ')
    assert '/nowhere' in lines[-1]
    assert 'Traceback' not in ''.join(lines)


def test_two_processes_train_like_one_with_their_batches_joined(
    train, weights, two_processes, tiny_config, tmp_path
):
    """Rank r takes every second sample of the one order, so that two batches of 2 are one of 4, and no layer mixes."""
    logging.disable()  # the subprocess is what is looked at
    one = train('--no-validate')
    logging.disable(logging.NOTSET)
    two = tmp_path / 'two'
    options = ['--no-validate', '--cfg-options', 'train_dataloader.batch_size=2']
    two_processes('dist_train.sh', tiny_config, 2, '--work-dir', two, *options)
    # a second rank that starts in another second has a log of its own, an empty one
    log = ''.join(log.read_text() for log in two.glob('*/*.log'))
    assert 'Distributed launcher: pytorch' in log
    assert 'GPU number: 2' in log  # MMEngine's words for the number of processes
    torch.testing.assert_close(
        weights(two / 'epoch_2.pth'), weights(one / 'epoch_2.pth'), rtol=1e-4, atol=1e-5
    )
