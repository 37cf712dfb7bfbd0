"""The pages on the report and on export: their commands and their Python do what they say, on a tiny run."""

import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmlongtail.apis import cli

DOCS = Path(__file__).resolve().parents[2] / 'docs'
WANTED = dict(onnx='onnxscript', safetensors='safetensors')


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', (DOCS / page).read_text(), re.DOTALL)


CONFIG = """
data_preprocessor = dict(mean=[120] * 3, std=[60] * 3, to_rgb=True, num_classes=3)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=2, stem_channels=2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=16),
)
pipeline = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(16, 16)), dict(type='PackInputs')]
test_dataloader = dict(dataset=dict(type='ListFileDataset', pipeline=pipeline))
"""


def write_checkpoint(path: str) -> None:
    """A tiny network's, of pictures in color."""
    Path('colors.py').write_text(CONFIG)
    cfg, classes = Config.fromfile('colors.py'), ['cat', 'dog', 'lynx']
    statistics = dict(class_counts=[120, 30, 4], num_images=130, classes=classes)
    state = MODELS.build(cfg.model.to_dict()).state_dict()
    torch.save(dict(meta=dict(cfg=cfg.pretty_text), state_dict=state, class_statistics=statistics), path)


@pytest.fixture
def workplace(tmp_path, monkeypatch, finished_run) -> Path:
    """Where the pages are read."""
    monkeypatch.chdir(tmp_path)
    for name in ('mine', 'erm'):
        shutil.copytree(finished_run, tmp_path / 'work_dirs' / name)
    cv2.imwrite('street.jpg', np.zeros((40, 50, 3), np.uint8))
    return tmp_path


def test_report(workplace):
    commands = [shlex.split(line) for block in blocks('report.md', 'bash') for line in block.splitlines()]
    for program, *arguments in commands:
        assert program == 'mmlongtail' and cli.main([*arguments, '--workers', '0']) == 0
    pages = {path.name: path.read_text() for path in workplace.glob('*.html')}
    assert set(pages) == {'report.html', 'compared.html', 'quick.html'}
    rows = re.findall(r'^\| ([A-Z].*?) \|', (DOCS / 'report.md').read_text(), re.MULTILINE)
    for title in rows:
        title = 'AP of each class' if title.startswith('AP') else title
        assert f'<h2>{title}</h2>' in pages['compared.html'] or f'<li>{title}: ' in pages['compared.html']


def test_export(workplace, capsys):
    write_checkpoint('work_dirs/mine/epoch_8.pth')
    missing = [extra for extra, module in WANTED.items() if importlib.util.find_spec(module) is None]
    for command in blocks('export.md', 'bash')[0].splitlines():
        program, *arguments = shlex.split(command)
        status = cli.main(arguments)
        assert program == 'mmlongtail' and status == (2 if arguments[3] in missing else 0)
    onnx, torch_export = blocks('export.md', 'python')
    space = dict(json=json)
    if 'onnx' not in missing:
        exec(compile(onnx, 'docs/export.md', 'exec'), space)
        assert 'lynx' in capsys.readouterr().out
    exec(compile(torch_export, 'docs/export.md', 'exec'), space)
    assert 'torch.Size([2, 3])' in capsys.readouterr().out
    if missing:
        pytest.skip(f'NOT TRIED: export to {" and ".join(missing)}, of which the packages are missing')
