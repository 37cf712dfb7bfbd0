"""Cells of labels: one name, or several, in every way of writing them."""

import pytest

from mmlongtail.datasets.list_labels import MarkWatch, split_cell

KNOWN = ['cat', 'dog', 'owl, small', 'a|b', '0', '1', '2']


@pytest.mark.parametrize(
    'cell, separator, known, expected',
    [
        ('', None, None, []),
        ('cat', None, None, ['cat']),
        ('cat|dog', None, None, ['cat', 'dog']),
        ('cat; dog;', None, None, ['cat', 'dog']),
        ("['cat', 'it, too']", None, None, ['cat', 'it, too']),
        ('["cat", "it\'s"]', None, None, ['cat', "it's"]),
        ('[0, 2]', None, KNOWN, ['0', '2']),
        ('[]', None, None, []),
        ('cat|dog', None, KNOWN, ['cat', 'dog']),
        ('cat,dog', None, KNOWN, ['cat', 'dog']),
        ('0,2', None, KNOWN, ['0', '2']),
        ('owl, small', None, KNOWN, ['owl, small']),
        ('a|b', None, KNOWN, ['a|b']),
        ('cat|cow', None, KNOWN, ['cat|cow']),
        ('cat|dog', '', None, ['cat|dog']),
        ('[cat]', '', None, ['[cat]']),
        ('', '', None, []),
        ('cat dog', ' ', None, ['cat', 'dog']),
        ('owl, small', ',', KNOWN, ['owl', 'small']),
    ],
)
def test_labels_of_a_cell(cell, separator, known, expected):
    assert split_cell(cell, separator, known) == expected


@pytest.mark.parametrize('cell, message', [('cat,dog', 'one name or a list'), ('["cat]', 'no list')])
def test_what_is_not_clear(cell, message):
    with pytest.raises(ValueError, match=message):
        split_cell(cell)


@pytest.mark.parametrize(
    'rows, expected',
    [
        ([['1', '0', '1'], ['0', '0', '0']], True),
        ([['0', '1'], ['1', '0']], False),  # indices of two classes
        ([['0', '1'], ['1', '1']], True),
        ([['1', '0', '1'], ['0']], False),
        ([['1', '0', '2'], ['0', '1', '1']], False),
        ([], False),
    ],
)
def test_marks_without_a_header(rows, expected):
    watch = MarkWatch(len(rows[0]) if rows else 2)
    for labels in rows:
        watch.see(labels)
    assert watch.found is expected
