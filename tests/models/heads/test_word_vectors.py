import pytest

from mmlongtail.models.heads.word_vectors import class_vectors

LINES = [
    'the 9 9',
    'dining 1 2',
    'table 3 -6',
    'cat 0.5 1e-1',
    'cat 7 7',
    'light 4 4',
    'tv x 1',
    'sofa 1 2 3',
]


@pytest.fixture
def glove(tmp_path):
    path = tmp_path / 'vectors.txt'
    path.write_text('\n'.join(LINES), encoding='utf-8')
    return str(path)


@pytest.mark.parametrize('name', ['dining table', 'dining_table', 'Dining-Table'])
def test_several_words_take_the_mean(glove, name):
    assert class_vectors(glove, ['cat', name], 2).tolist() == [[0.5, 0.1], [2.0, -2.0]]


def test_aliases_stand_for_names(glove):
    aliases = dict(diningtable='dining table', unused='the')
    assert class_vectors(glove, ('diningtable', 'light'), 2, aliases).tolist() == [[2.0, -2.0], [4.0, 4.0]]


def test_the_first_of_two_lines_counts(glove):
    assert class_vectors(glove, ['light', 'cat'], 2).tolist() == [[4.0, 4.0], [0.5, 0.1]]


def test_missing_words_name_the_classes(glove):
    with pytest.raises(ValueError, match=r"\['diningtable', 'traffic light'\].*aliases"):
        class_vectors(glove, ['cat', 'diningtable', 'traffic light'], 2)


@pytest.mark.parametrize(('name', 'line'), [('tv', 7), ('sofa', 8)])
def test_bad_lines_are_named(glove, name, line):
    with pytest.raises(ValueError, match=f"line {line}: 2 numbers are expected after '{name}'"):
        class_vectors(glove, [name], 2)


def test_missing_file_says_what_it_should_be(tmp_path):
    with pytest.raises(FileNotFoundError, match='glove.6B.300d.txt.*not downloaded'):
        class_vectors(str(tmp_path / 'none.txt'), ['cat'], 300)
