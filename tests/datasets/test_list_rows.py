"""Rows of a list: their separators, headers and quotes, told from Python's own reading of CSV."""

import csv

import pytest

from mmlongtail.datasets.list_rows import detect_separator, read_rows


@pytest.mark.parametrize(
    'line, of_csv, of_text',
    [
        ('a.jpg', ',', ' '),
        ('a.jpg,cat;dog', ',', ','),
        ('a.jpg;cat,dog', ';', ';'),
        ('"a,b.jpg";cat', ';', ';'),
        ('a.jpg|cat|dog', '|', '|'),
        ('a.jpg\tcat', '\t', ' '),
        ('a.jpg hot;dog', ';', ' '),
        ('a b.jpg', ',', ' '),
    ],
)
def test_separator_of_the_first_line(line, of_csv, of_text):
    assert (detect_separator(line, True), detect_separator(line, False)) == (of_csv, of_text)


@pytest.mark.parametrize('separator', [',', ';', '|', '\t'])
def test_what_csv_writes_is_read(tmp_path, separator):
    cells = [['a.jpg', 'one, two', 'three; "4"'], ['b | c.jpg', 'five|six'], ['d.jpg']]
    with (tmp_path / 'l.csv').open('w', newline='') as file:
        csv.writer(file, delimiter=separator).writerows(cells)
    rows, columns = read_rows(str(tmp_path / 'l.csv'))
    ((numbers, names, others),) = rows
    assert columns is None and list(numbers) == [1, 2, 3]
    assert [[name, *cells] for name, cells in zip(names, others)] == cells


@pytest.mark.parametrize(
    'text, classes, columns, cells',
    [
        ('Image Path,cat,dog\na,1,0\n\nb,1,1', (), ['cat', 'dog'], [('1', '0'), ('1', '1')]),
        ('image-path,cat,dog\na,1,0\n\nb,1,1', (), ['cat', 'dog'], [('1', '0'), ('1', '1')]),
        ('img,Labels\na,1\n\nb,', (), None, [('1',), ('',)]),
        ('img,label\na,1\n\nb,0', ('label',), ['label'], [('1',), ('0',)]),
        ('img,cat\na,1\n\nb,0', (), ['cat'], [('1',), ('0',)]),
    ],
)
def test_headers(tmp_path, text, classes, columns, cells):
    (tmp_path / 'l.csv').write_text(text)
    rows, names = read_rows(str(tmp_path / 'l.csv'), classes=classes)
    assert names == columns
    assert [*map(tuple, rows)] == [([2, 4], ['a', 'b'], cells)]
