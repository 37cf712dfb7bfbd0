"""Table and drawings of the real VOC-LT'."""

import csv
import runpy
from pathlib import Path

import cv2
import pytest

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'dataset_statistics.py'


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(TOOL))['main']


def test_real_set_from_a_config(main, shared_data, tmp_path, capsys):
    dataset = "dict(type='VOCLT', data_root='nowhere', ids='voc_lt_ids.txt')"
    (tmp_path / 'config.py').write_text(f'train_dataloader = dict(dataset={dataset})')
    root = f'train_dataloader.dataset.data_root={shared_data / "VOCdevkit"}'
    out = tmp_path / 'drawings'
    assert main([str(tmp_path / 'config.py'), '--out-dir', str(out), '--cfg-options', root]) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[1].split() == ['person', '774', 'head'] and '1142 images' in table
    assert 'head: 5 classes, 156 to 774' in table and 'tail: 8 classes, 4 to 17' in table
    for name in ('class_counts.png', 'cooccurrence.png'):
        assert cv2.imread(str(out / name)).std() > 5
    with (out / 'cooccurrence.csv').open() as file:
        rows = list(csv.reader(file))
    assert rows[0][1] == 'aeroplane' and rows[1][1] == '7' and rows[15][15] == '774'
    assert rows[15][7] == rows[7][15]


def test_list_file_and_edges(main, tmp_path, capsys):
    (tmp_path / 'a.jpg').touch()
    (tmp_path / 'list.csv').write_text('a.jpg,cat')
    assert main([str(tmp_path / 'list.csv'), '--pictures', str(tmp_path), '--edges', '0', '1']) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ['cat', '1', 'head']


def test_errors_are_one_line(main, tmp_path, capsys):
    assert main([str(tmp_path / 'none.csv')]) == 2
    assert capsys.readouterr().err == f'error: {tmp_path / "none.csv"} does not exist\n'
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f'error: {tmp_path}: no folder of images in it: ') and said.count('\n') == 1


def test_a_folder_for_each_class(main, tmp_path, capsys):
    for name in ('cat/1.jpg', 'cat/2.png', 'dog/1.jpg', 'dog/notes.txt'):
        (tmp_path / 'pictures' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'pictures' / name).touch()
    out = tmp_path / 'out'
    assert main([str(tmp_path / 'pictures'), '--out-dir', str(out)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [row.split() for row in table[1:3]] == [['cat', '2', 'tail'], ['dog', '1', 'tail']]
    assert '3 images, 1.00 classes each' in table
    assert (out / 'cooccurrence.csv').read_text() == 'class,cat,dog\ncat,2,0\ndog,0,1\n'
    assert main([str(tmp_path / 'pictures'), '--out-dir', str(tmp_path / 'pictures/cat/1.jpg')]) == 2
    assert capsys.readouterr().err.endswith('pictures/cat/1.jpg: File exists\n')
