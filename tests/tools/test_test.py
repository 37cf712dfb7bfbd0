"""Testing from the command line: metrics, predictions, views, pictures, several processes."""

import json
import logging
import pickle

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import get_model
from mmpretrain.datasets import CustomDataset


@pytest.fixture
def checkpoint(tool, tiny_config, tmp_path):
    """The tiny config after one epoch."""
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1']
    tool('train.py')([str(tiny_config), '--work-dir', str(tmp_path / 'train'), *options])
    return tmp_path / 'train' / 'epoch_1.pth'


@pytest.fixture
def test(tool, tiny_config, checkpoint, tmp_path):
    main = tool('test.py')
    return lambda *options: main(
        [str(tiny_config), str(checkpoint), '--work-dir', str(tmp_path / 'test'), *options]
    )


@torch.no_grad()
def scores(config, checkpoint, pictures, flip: bool = False) -> torch.Tensor:
    """What the network says to every picture, computed here."""
    cfg = Config.fromfile(config)
    model = get_model(cfg, str(checkpoint), device='cpu')
    samples = [sample['inputs'] for sample in CustomDataset(str(pictures), pipeline=cfg.pipeline)]
    images = (torch.stack(samples).float() - 128) / 64
    return model(images.flip(-1) if flip else images).softmax(1)


def predictions(path) -> torch.Tensor:
    return torch.tensor([sample['pred_score'] for sample in json.loads(path.read_text())])


def test_predictions_and_metrics(test, tiny_config, checkpoint, pictures, tmp_path):
    test('--out', str(tmp_path / 'all.json'))
    expected = scores(tiny_config, checkpoint, pictures)
    torch.testing.assert_close(predictions(tmp_path / 'all.json'), expected, rtol=1e-4, atol=1e-5)
    test('--out', str(tmp_path / 'all.pkl'))
    pickled = [sample['pred_score'].tolist() for sample in pickle.loads((tmp_path / 'all.pkl').read_bytes())]
    assert pickled == predictions(tmp_path / 'all.json').tolist()
    test('--out', str(tmp_path / 'out.json'), '--out-item', 'metrics')
    right = expected.argmax(1).numpy() == np.repeat([0, 1], 4)  # the folders' names in order
    assert json.loads((tmp_path / 'out.json').read_text()) == {'accuracy/top1': 100 * right.mean()}


@pytest.mark.parametrize(
    ('options', 'suffixes'),
    [
        (['--out', 'out.yml'], 'for pred it ends in .json, .pkl, .pickle'),
        (['--out', 'out'], 'for pred it ends in .json, .pkl, .pickle'),
        (
            ['--out', 'out.csv', '--out-item', 'metrics'],
            'for metrics it ends in .json, .yaml, .yml, .pkl, .pickle',
        ),
    ],
)
def test_another_suffix_is_refused_before_the_test(tool, tiny_config, capsys, options, suffixes):
    with pytest.raises(SystemExit):
        tool('test.py')([str(tiny_config), 'nowhere.pth', *options])
    assert f'{options[1]}: {suffixes}' in capsys.readouterr().err


def test_flip_views_are_averaged(test, tiny_config, checkpoint, pictures, tmp_path):
    test('--tta', '--out', str(tmp_path / 'out.json'))
    plain, flipped = (scores(tiny_config, checkpoint, pictures, flip) for flip in (False, True))
    assert (plain - flipped).abs().max() > 1e-4
    torch.testing.assert_close(
        predictions(tmp_path / 'out.json'), (plain + flipped) / 2, rtol=1e-4, atol=1e-5
    )


def test_amp_is_close(test, tiny_config, checkpoint, pictures, tmp_path):
    test('--amp', '--out', str(tmp_path / 'out.json'))
    difference = (predictions(tmp_path / 'out.json') - scores(tiny_config, checkpoint, pictures)).abs().max()
    assert 0 < difference < 0.02


def test_show_dir_gets_every_nth_picture(test, tmp_path):
    test('--show-dir', str(tmp_path / 'show'), '--interval', '2')
    assert len(list((tmp_path / 'show').rglob('*.png'))) == 4


def test_a_missing_checkpoint_ends_in_one_line(tool, tiny_config, tmp_path, capsys):
    with pytest.raises(SystemExit) as error:
        tool('test.py')([str(tiny_config), 'nowhere.pth', '--work-dir', str(tmp_path)])
    assert error.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == 'error: nowhere.pth can not be found.'


def test_two_processes_give_the_predictions_of_one(test, two_processes, tiny_config, checkpoint, tmp_path):
    logging.disable()  # the subprocess is what is looked at
    test('--out', str(tmp_path / 'one.json'))
    logging.disable(logging.NOTSET)
    options = ['--work-dir', tmp_path / 'test', '--out', tmp_path / 'two.json']
    options += ['--cfg-options', 'test_dataloader.batch_size=3']  # the last batches are padded
    two_processes('dist_test.sh', tiny_config, checkpoint, 2, *options)
    # a second rank that starts in another second has a log of its own, an empty one
    assert 'GPU number: 2' in ''.join(log.read_text() for log in (tmp_path / 'test').rglob('*.log'))
    one, two = (json.loads((tmp_path / name).read_text()) for name in ('one.json', 'two.json'))
    assert [sample['img_path'] for sample in two] == [sample['img_path'] for sample in one]
    torch.testing.assert_close(predictions(tmp_path / 'two.json'), predictions(tmp_path / 'one.json'))
