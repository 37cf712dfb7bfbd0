"""Lines and JSON of files that are as they should be, and of those that are not."""

import errno
import json

import pytest

from mmlongtail.datasets.text_file import naming, read_json, read_lines, short, some_of


def test_lines_of_text(tmp_path):
    (tmp_path / 'list.pkl').write_bytes('\ufeffone \r\n\r\n  two'.encode())
    assert read_lines(str(tmp_path / 'list.pkl'), 'ids') == [(1, 'one'), (3, 'two')]
    (tmp_path / 'list.pkl').write_bytes(b'\x80\x04\x95')
    with pytest.raises(ValueError, match=r'list\.pkl is not a text file in UTF-8: ids is expected'):
        read_lines(str(tmp_path / 'list.pkl'), 'ids')
    with pytest.raises(FileNotFoundError, match=r'none\.txt is missing: ids'):
        read_lines(str(tmp_path / 'none.txt'), 'ids')


def test_long_lists_of_names_are_cut():
    assert some_of(['a', 'b']) == 'a, b'
    assert some_of([str(i) for i in range(25)]).endswith('18, 19 and 5 more')


def test_line_numbers_are_those_of_an_editor(tmp_path):
    (tmp_path / 'list.txt').write_bytes('a\u2028b\rc\x0bd\n\x85e'.encode())
    assert read_lines(str(tmp_path / 'list.txt'), 'ids') == [(1, 'a\u2028b'), (2, 'c\x0bd'), (3, 'e')]
    (tmp_path / 'list.txt').write_bytes(b'a\0b')
    with pytest.raises(ValueError, match=r'list\.txt is not a text file, it has zero bytes: ids'):
        read_lines(str(tmp_path / 'list.txt'), 'ids')


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-32-le'])
def test_json_in_the_encodings_of_its_standard(tmp_path, encoding):
    content = {'a': [1, 2.5, None, 'Ä']}
    (tmp_path / 'x.json').write_text(json.dumps(content, ensure_ascii=False), encoding=encoding)
    assert read_json(str(tmp_path / 'x.json'), 'x') == content


@pytest.mark.parametrize(
    'content, message',
    [
        (b'{"a": [1, 2', 'line 1 column 12'),
        (b'', 'line 1 column 1'),
        (b'{"a": "\xff"}', "can't decode byte 0xff"),
        (b'[' * 200000, 'recursion'),
        (b'1' * 5000, 'digits'),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "'b' stands twice in one object"),
    ],
)
def test_json_that_is_none(tmp_path, content, message):
    (tmp_path / 'x.json').write_bytes(content)
    with pytest.raises(
        ValueError, match=rf'x\.json is no JSON file, or not a whole one \(.*{message}.*: labels is'
    ):
        read_json(str(tmp_path / 'x.json'), 'labels')


def test_missing_json(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'x\.json is missing: labels'):
        read_json(str(tmp_path / 'x.json'), 'labels')


def test_errors_of_a_full_disk_get_a_name():
    with pytest.raises(OSError) as caught, naming('out.csv'):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert caught.value.filename == 'out.csv' and caught.value.errno == errno.ENOSPC
    with pytest.raises(FileNotFoundError) as caught, naming('out.csv'):
        open('/no/such')
    assert caught.value.filename == '/no/such'


def test_long_values_are_cut():
    assert short('cat') == "'cat'"
    assert len(short('x' * 10**6)) < 100 and len(short(list(range(10**6)))) < 100
