"""The page on prediction: its commands and its Python do what it says, on a checkpoint of a tiny network."""

import csv
import json
import re
import shlex
import shutil
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmlongtail.apis import cli
from mmlongtail.apis.serve.server import PageServer

PAGE = (Path(__file__).resolve().parents[2] / 'docs' / 'predict.md').read_text()
CLASSES = ['cat', 'dog']
CONFIG = """
data_preprocessor = dict(mean=[120] * 3, std=[60] * 3, to_rgb=True, num_classes=2)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=2, stem_channels=2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiLabelLinearClsHead', num_classes=2, in_channels=16),
)
pipeline = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(16, 16)), dict(type='PackInputs')]
test_dataloader = dict(dataset=dict(type='ListFileDataset', ann_file='data/val.csv', pipeline=pipeline))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', PAGE, re.DOTALL)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """Where the page's files are, and where it is read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)
    for name in ('pictures/street.jpg', 'pictures/garden.jpg', 'data/pictures/a.jpg', 'data/pictures/b.jpg'):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(name, np.random.RandomState(len(name)).randint(0, 256, (20, 20, 3)))
    Path('data/val.csv').write_text('path,labels\na.jpg,cat\nb.jpg,dog\n')
    for folder in ('configs', 'work_dirs/mine'):
        Path(folder).mkdir(parents=True)
    Path('configs/mine.py').write_text(CONFIG)
    cfg = Config.fromfile('configs/mine.py')
    state = MODELS.build(cfg.model.to_dict()).state_dict()
    meta = dict(cfg=cfg.pretty_text, dataset_meta=dict(classes=CLASSES))
    statistics = dict(class_counts=[30, 3], num_images=32, classes=CLASSES)
    torch.save(dict(meta=meta, state_dict=state, class_statistics=statistics), 'work_dirs/mine/epoch_8.pth')


def commands(*names: str) -> list[list[str]]:
    """The arguments of those subcommands, as they stand on the page."""
    lines = [shlex.split(line) for block in blocks('bash') for line in block.splitlines()]
    assert {line[1] for line in lines if line[0] == 'mmlongtail'} == {'predict', 'tune', 'serve'}
    return [line[1:] for line in lines if line[0] == 'mmlongtail' and line[1] in names]


def test_the_commands(workplace, capsys):
    found = commands('predict', 'tune')
    assert [command[0] for command in found] == ['predict', 'tune', 'tune']
    for arguments in found:
        assert cli.main([*arguments, '--workers', '0', '--device', 'cpu']) == 0
    with open('predictions.csv', newline='') as file:
        header, *rows = csv.reader(file)
    named = re.findall(r'^\| `(\w+)` \|', PAGE, re.MULTILINE)
    assert header == named and [row[0] for row in rows] == ['garden.jpg', 'street.jpg']
    assert 'class_thresholds' in torch.load('work_dirs/mine/epoch_8_tuned.pth', weights_only=True)


def test_the_web_page(workplace, monkeypatch, capsys):
    """Until Ctrl-C, pressed as soon as it waits for requests."""
    for copy in ('work_dirs/mine/epoch_8_tuned.pth', 'work_dirs/erm/epoch_8.pth'):
        Path(copy).parent.mkdir(exist_ok=True)
        shutil.copy('work_dirs/mine/epoch_8.pth', copy)
    monkeypatch.setattr(PageServer, 'service_actions', lambda server: signal.raise_signal(signal.SIGINT))
    alone, both = commands('serve')
    for arguments in ([*alone, '--port', '0'], both):
        assert cli.main([*arguments, '--device', 'cpu']) == 0
        assert capsys.readouterr().out.startswith('the page is at http://127.0.0.1:')


def test_the_python(workplace, capsys):
    space = {}
    for block in blocks('python'):
        exec(compile(block, 'docs/predict.md', 'exec'), space)
    answers = next(line for line in capsys.readouterr().out.splitlines() if line.startswith('[{'))
    assert [len(answer['names']) for answer in json.loads(answers)] == [2, 2]
