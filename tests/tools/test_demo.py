"""The demo trains both of its configs from end to end, here on few pictures."""

import json
import re
from pathlib import Path

import cv2
import pytest
from mmengine.config import Config

OPTIONS = [
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'default_hooks.logger.interval=1',
    'train_dataloader.batch_size=64',
    'val_dataloader.dataset.max_count=2',
    'val_dataloader.dataset.min_count=2',
]


@pytest.fixture(scope='module')
def work_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('demo')


def test_it_trains_both_and_shows_table_and_picture(tool, work_dir, monkeypatch, capsys):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / 'tools')
    tool('demo.py')(['--work-dir', str(work_dir), '--seed', '5', '--cfg-options', *OPTIONS])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10  # two of what is trained, the table, two paths and empty ones: no log
    *table, _, picture, page = lines[3:]
    assert [re.sub(' +', '', line) for line in table[:2]] == [
        '|accuracy,percent|top1|many|medium|few|seconds|',
        '|---|---:|---:|---:|---:|---:|',
    ]
    for name, config, line in zip(
        ('cross-entropy', 'logit adjustment'), ('ce', 'logit_adjustment'), table[2:]
    ):
        label, *scores, seconds = (cell.strip() for cell in line.strip('|').split('|'))
        assert label == name and int(seconds) >= 0
        log = [json.loads(x) for p in work_dir.glob(f'{config}/*/vis_data/scalars.json') for x in p.open()]
        logged = [log[-1]['long-tail/top1' + suffix] for suffix in ('', '_many', '_medium', '_few')]
        assert [float(score) for score in scores] == pytest.approx(logged, abs=0.005)
        assert Config.fromfile(work_dir / config / f'{config}.py').randomness.seed == 5
        assert 'Epoch(train)' in (work_dir / config / 'console.log').read_text()
    assert picture == f'picture: {work_dir / "accuracy_per_class.png"}'
    assert cv2.imread(picture.removeprefix('picture: ')) is not None
    assert (
        page == f'report: {work_dir / "report.html"}' and (work_dir / 'report.html').stat().st_size > 10_000
    )
