"""The counts of configs against what is published."""

import runpy
from pathlib import Path

import pytest

from mmlongtail.datasets.imagenet_lt import PlacesLT
from mmlongtail.datasets.published_splits import SplitFacts

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(ROOT / 'tools' / 'data' / 'check_counts.py'))['main']


@pytest.fixture
def config(tmp_path) -> str:
    """Places-LT with three pictures to train on, the training set wrapped twice, and one to test on."""
    for i in range(3):
        (tmp_path / f'{i}.jpg').touch()
    (tmp_path / 'Places_LT_train.txt').write_text('0.jpg 0\n1.jpg 0\n2.jpg 1')
    (tmp_path / 'Places_LT_test.txt').write_text('1.jpg 1')
    places = dict(type='PlacesLT', data_root=str(tmp_path), classes=['a', 'b'])
    wrapped = dict(type='DrawDataset', dataset=dict(type='DrawDataset', dataset=places))
    text = f'train_dataloader=dict(dataset={wrapped})\ntest_dataloader=dict(dataset={dict(places, split="test")})'
    (tmp_path / 'config.py').write_text(text)
    return str(tmp_path / 'config.py')


def test_as_published(main, config, monkeypatch, capsys):
    monkeypatch.setattr(PlacesLT, 'facts', dict(train=SplitFacts(3, 2, 2, 1), test=SplitFacts(1, 2, 1, 0)))
    assert main([config]) == 0
    output = capsys.readouterr().out
    assert output.endswith('all as published\n') and 'differs' not in output
    assert 'PlacesLT, train:' in output and 'PlacesLT, test:' in output


def test_differences_are_named(main, config, capsys):
    assert main([config, '--parts', 'test']) == 1
    output = capsys.readouterr().out
    assert '       1      36500  images  <- differs by -36499\n' in output and 'train' not in output
    assert output.count('differs') == 4 and 'some numbers DIFFER' in output


def test_sets_that_nobody_published(main, config, tmp_path, capsys):
    (tmp_path / 'other.py').write_text(
        "test_dataloader=dict(dataset=dict(type='LongTailDigits', max_count=9))"
    )
    assert main([str(tmp_path / 'other.py'), '--parts', 'test']) == 2
    assert 'error: nothing is published of LongTailDigits' in capsys.readouterr().err
    assert main([config, '--cfg-options', 'train_dataloader.dataset.dataset.dataset.data_root=/nowhere']) == 2
    assert "error: data_root='/nowhere' is not a folder" in capsys.readouterr().err
