"""Files of predictions, read by the csv and json modules, and by pyarrow where it is installed."""

import csv
import json
import sys

import pytest

from mmlongtail.apis import prediction_files
from mmlongtail.apis.prediction_files import check_format, write_predictions

CLASSES = ('cat', 'dog, wild')
RECORDS = [
    dict(
        path='a,"1".jpg', indices=[1, 0], names=['dog, wild', 'cat'], scores=[0.9, 0.5], groups=['tail', None]
    ),
    dict(path='ü.jpg', indices=[], names=[], scores=[], groups=[]),
]
WITH_ALL = [dict(record, all_scores=[0.25, 0.5]) for record in RECORDS]


def test_csv(tmp_path):
    write_predictions(tmp_path / 'a.csv', iter(WITH_ALL), CLASSES)
    with open(tmp_path / 'a.csv', newline='', encoding='utf-8') as file:
        first, second = csv.DictReader(file)
    assert first == {
        'path': 'a,"1".jpg',
        'names': 'dog, wild;cat',
        'scores': '0.9;0.5',
        'groups': 'tail;',
        'indices': '1;0',
        'score of cat': '0.25',
        'score of dog, wild': '0.5',
    }
    assert second['path'] == 'ü.jpg' and second['names'] == ''


@pytest.mark.parametrize('records', [RECORDS, WITH_ALL, []], ids=['plain', 'all scores', 'none'])
def test_json(records, tmp_path):
    write_predictions(tmp_path / 'a.json', iter(records))
    assert json.loads((tmp_path / 'a.json').read_text(encoding='utf-8')) == records


@pytest.mark.parametrize(
    'records, classes', [(RECORDS, ()), (WITH_ALL, CLASSES)], ids=['plain', 'all scores']
)
def test_parquet(records, classes, tmp_path, monkeypatch):
    parquet = pytest.importorskip('pyarrow.parquet', exc_type=ImportError)
    monkeypatch.setattr(prediction_files, 'ROWS', 1)
    write_predictions(tmp_path / 'a.parquet', iter(records), classes)
    found = parquet.read_table(tmp_path / 'a.parquet').to_pylist()
    assert [row['names'] for row in found] == [record['names'] for record in records]
    assert found[0]['scores'] == pytest.approx([0.9, 0.5]) and found[0]['groups'] == ['tail', None]
    assert found[0].get('all_scores') == records[0].get('all_scores')


def test_a_file_is_whole_or_not_there(tmp_path):
    def broken():
        yield RECORDS[0]
        raise KeyError

    for suffix in ('csv', 'json'):
        with pytest.raises(KeyError):
            write_predictions(tmp_path / f'a.{suffix}', broken())
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_told_before_the_work(monkeypatch):
    with pytest.raises(ValueError, match='--out a.txt: a name that ends in .csv, .json, .parquet'):
        check_format('a.txt')
    monkeypatch.setitem(sys.modules, 'pyarrow.parquet', None)
    with pytest.raises(ValueError, match='needs pyarrow .*: pip install pyarrow'):
        check_format('a.parquet')
