"""A long-tailed part of a made set: what is written reads back as exactly what the report says."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from mmlongtail.datasets.list_file import ListFileDataset
from mmlongtail.structures import ClassStatistics

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'make_long_tail.py'
CLASSES = ('traffic light', 'dog', 'owl, small')


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(TOOL))['main']


@pytest.fixture
def whole(tmp_path) -> Path:
    """A list of 300 pictures in two folders."""
    marks = np.random.default_rng(0).random((300, 3)) < (0.6, 0.5, 0.4)
    rows = ['path,traffic light,dog,"owl, small"']
    for i, row in enumerate(marks.astype(int)):
        path = tmp_path / 'pictures' / str(i % 2) / f'{i}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        rows.append(f'{i % 2}/{i}.jpg,{",".join(map(str, row))}')
    (tmp_path / 'whole.csv').write_text('\n'.join(rows))
    return tmp_path


def run(main, whole: Path, out: str, *options: str) -> int:
    pictures = ['--pictures', str(whole / 'pictures')]
    return main(
        [str(whole / 'whole.csv'), *pictures, '--out', str(whole / out), '--max-count', '90', *options]
    )


def test_list_reads_back_with_the_reported_counts(main, whole, capsys):
    assert run(main, whole, 'new/lt.csv', '--min-count', '4') == 0
    report = capsys.readouterr().out.splitlines()
    line = report[-1].replace('pipeline=…', '')
    dataset = eval(line.removeprefix('dataset='), {'dict': lambda type, **kw: ListFileDataset(**kw)})
    counts = ClassStatistics.from_dataset(dataset).class_counts
    now = {row[33:]: int(row.split()[2]) for row in report[1:4]}
    assert dataset.metainfo['classes'] == CLASSES and now == dict(zip(CLASSES, counts.tolist()))
    assert sorted(counts)[0] == 4 and max(counts) <= 90
    labels = {line.split(',', 1)[0]: line for line in (whole / 'whole.csv').read_text().splitlines()}
    kept = (whole / 'new' / 'lt.csv').read_text().splitlines()
    assert kept[1:] == [labels[line.split(',', 1)[0]] for line in kept[1:]]  # labels as in the whole set


def test_seed_decides(main, whole):
    for name, seed in (('a.csv', '0'), ('b.csv', '0'), ('c.csv', '1')):
        assert run(main, whole, name, '--seed', seed) == 0
    a, b, c = ((whole / name).read_text() for name in ('a.csv', 'b.csv', 'c.csv'))
    assert a == b != c


@pytest.mark.parametrize(
    'out, options, message',
    [
        ('lt.txt', (), r'a name that ends in .csv'),
        ('lt.csv', ('--min-count', '91'), 'max_count=90: min_count is 91'),
        ('lt.csv', ('--power', '0'), 'power is 0'),
    ],
)
def test_bad_options_are_named(main, whole, capsys, out, options, message):
    assert run(main, whole, out, *options) == 2
    assert message in capsys.readouterr().err and not (whole / out).exists()


def test_set_without_picture_files_is_refused(main, tmp_path, capsys):
    annotations = '{"metainfo": {"classes": ["a"]}, "data_list": [{"gt_label": [0]}]}'
    (tmp_path / 'labels.json').write_text(annotations)
    dataset = (
        f"dict(type='MultiLabelDataset', ann_file={str(tmp_path / 'labels.json')!r}, data_prefix=dict())"
    )
    (tmp_path / 'config.py').write_text(f'train_dataloader = dict(dataset={dataset})')
    assert main([str(tmp_path / 'config.py'), '--out', str(tmp_path / 'lt.csv'), '--min-count', '1']) == 2
    assert 'MultiLabelDataset has no image files' in capsys.readouterr().err
