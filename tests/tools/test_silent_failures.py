"""What once ran to the end with a wrong result, or none, ends at the start with the field that is to be mended."""

import io
import re
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import cv2
import pytest
import torch

WIDER = ['--cfg-options', 'model.backbone.base_channels=8', 'model.head.in_channels=8']


@pytest.fixture(scope='module')
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('runs')


@pytest.fixture
def trained(tool, tiny_config, runs) -> Path:
    """The work dir of one epoch, trained once, with what the console showed beside it."""
    work_dir = runs / 'trained'
    if not work_dir.exists():
        shutil.copy(tiny_config, runs / 'trained_once.py')
        options = ['--cfg-options', 'train_cfg.max_epochs=1']
        with redirect_stdout(io.StringIO()) as console:
            tool('train.py')([str(runs / 'trained_once.py'), '--work-dir', str(work_dir), *options])
        (runs / 'console.txt').write_text(console.getvalue())
    return work_dir


@pytest.fixture
def refused(tool, tiny_config, tmp_path, capfd) -> Callable:
    """The error message of a tool that ends with status 2 and leaves no checkpoint."""

    def run(name: str, *arguments) -> str:
        with pytest.raises(SystemExit) as end:
            tool(name)([str(tiny_config), '--work-dir', str(tmp_path / 'run'), *map(str, arguments)])
        assert end.value.code == 2
        assert not list(tmp_path.rglob('epoch_*.pth'))
        return capfd.readouterr().err.strip().splitlines()[-1].partition('error: ')[2]

    return run


def test_a_screenful_comes_before_the_first_iteration(trained, runs):
    console = (runs / 'console.txt').read_text()
    before, _, after = console.partition('Epoch(train)')
    assert after
    assert len(before.splitlines()) < 20
    start = '8 images of 2 classes, 2 iterations per epoch, 2 in all, batch 4, device '
    assert start in before
    log = next(trained.glob('*/*.log')).read_text()
    assert all(text in log for text in ('System environment', 'Config:', 'Hooks will be executed', start))


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        (
            ['train_dataloader.batch_size=64', 'train_dataloader.drop_last=True'],
            '8 draws .* batch_size=64 and drop',
        ),
        (['model.head.num_classes=3'], 'model.head.num_classes is 3, but the train data set names 2'),
        (['data_preprocessor.num_classes=3'], 'model.data_preprocessor.num_classes is 3, but the'),
        (['model.head.in_channels=5'], r'model.head.in_channels=5 must be .* give 4 channels'),
        (
            ['val_dataloader.dataset.metainfo.classes=[class1,class0]'],
            "class 0 is 'class1' in val_dataloader.dataset",
        ),
        (
            [
                'default_hooks.checkpoint.type=CheckpointHook',
                'default_hooks.checkpoint.save_best=accuracy/top5',
            ],
            "save_best is 'accuracy/top5', but the validation gives accuracy/top1",
        ),
        (['trian_cfg.max_epochs=9'], "nothing reads 'trian_cfg': is 'train_cfg' meant"),
        (
            [
                'model.backbone.init_cfg.type=Pretrained',
                'model.backbone.init_cfg.checkpoint=http://127.0.0.1:9/a.pth',
            ],
            'http://127.0.0.1:9/a.pth cannot be fetched .* model.backbone.init_cfg=None',
        ),
    ],
)
def test_a_training_that_cannot_be_meant(refused, more, message):
    text = refused('train.py', '--cfg-options', *more)
    assert re.search(message, text), text


def test_a_warmup_that_never_ends(refused, tool, tiny_config, tmp_path, capfd):
    warmup = "\nparam_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=500)]\n"
    tiny_config.write_text(tiny_config.read_text() + warmup)
    text = refused('train.py')
    assert 'param_scheduler.0 (LinearLR) ends after 500 iterations, but the run after 4 iterations' in text
    assert '--cfg-options param_scheduler.0.end=2 ' in text
    options = ['train_cfg.max_epochs=1', 'default_hooks.start_check.allow_short=True']
    tool('train.py')([str(tiny_config), '--work-dir', str(tmp_path / 'short'), '--cfg-options', *options])
    assert (tmp_path / 'short' / 'epoch_1.pth').is_file()


def test_a_checkpoint_of_another_network(refused, tool, tiny_config, trained, tmp_path):
    checkpoint = str(trained / 'epoch_1.pth')
    text = refused('test.py', checkpoint, *WIDER)
    assert text.startswith(f'{checkpoint} does not fit the model: ')
    assert 'layer1.0.conv1.weight: (4, 4, 3, 3) there, (8, 4, 3, 3) in the model' in text
    tool('test.py')([str(tiny_config), checkpoint, '--work-dir', str(tmp_path), *WIDER, '--allow-partial'])


def test_a_second_stage_begins_with_all_that_it_does_not_make_anew(
    refused, tool, tiny_config, trained, tmp_path
):
    checkpoint = torch.load(trained / 'epoch_1.pth')
    state = {name: value for name, value in checkpoint['state_dict'].items() if not name.startswith('head.')}
    torch.save(dict(state_dict=state), tmp_path / 'headless.pth')
    options = [
        '--no-validate',
        '--cfg-options',
        'train_cfg.max_epochs=1',
        f'load_from={tmp_path}/headless.pth',
    ]
    text = refused('train.py', *options)
    assert '2 of its tensors are not filled (head.fc.weight: missing, head.fc.bias: missing)' in text
    options += ['custom_hooks.0.type=FreezeHook', 'custom_hooks.0.reinitialize=[head]']
    tool('train.py')([str(tiny_config), '--work-dir', str(tmp_path / 'stage2'), *options])
    new = torch.load(tmp_path / 'stage2' / 'epoch_1.pth')['state_dict']
    assert torch.equal(new['backbone.conv1.weight'], state['backbone.conv1.weight'])


def test_a_test_leaves_the_work_dir_of_the_training_alone(tool, tiny_config, trained, pictures, tmp_path):
    before = {path: path.read_bytes() for path in trained.glob('*') if path.is_file()}
    config = tmp_path / 'trained_once.py'
    config.write_text(tiny_config.read_text())
    arguments = [str(config), str(trained / 'epoch_1.pth'), '--work-dir', str(trained), '--show-dir']
    tool('test.py')([*arguments, str(tmp_path / 'show')])
    assert {path: path.read_bytes() for path in trained.glob('*') if path.is_file()} == before
    assert (trained / 'test' / 'trained_once.py').is_file()
    shown = {path.stem.partition('_')[2]: cv2.imread(str(path)) for path in (tmp_path / 'show').glob('*.png')}
    assert sorted(shown) == [str(i) for i in range(8)]
    for i, picture in shown.items():
        original = cv2.imread(str(next(pictures.glob(f'*/{i}.png'))))
        assert picture.shape == original.shape


@pytest.mark.parametrize('option', ['--out', '--show-dir'])
def test_what_cannot_be_written_is_found_before_the_test(refused, tmp_path, option):
    (tmp_path / 'file').write_text('')
    path = tmp_path / 'file' / 'out.json'
    assert refused('test.py', 'nowhere.pth', option, path).startswith(f'{path}: ')


def test_a_file_that_is_no_checkpoint(refused, tmp_path):
    (tmp_path / 'a.pth').write_text('<html>not found</html>')
    assert refused('test.py', tmp_path / 'a.pth').startswith(f'{tmp_path / "a.pth"} ')


def test_a_picture_that_does_not_decode(refused, pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / 'copy')
    (tmp_path / 'copy' / 'class1' / '5.png').write_bytes(b'\x89PNG and no more')
    text = refused('train.py', '--cfg-options', f'train_dataloader.dataset.data_root={tmp_path}/copy')
    assert text.startswith(f'1 of 8 images cannot be used: {tmp_path}/copy/class1/5.png ')
