"""The table of a case worked by hand; the drawings hold the right numbers."""

import numpy as np
import pytest

from mmlongtail.structures import ClassGroups, ClassStatistics
from mmlongtail.visualization.class_report import class_table, draw_class_counts, draw_cooccurrence


@pytest.fixture
def statistics() -> ClassStatistics:
    """Class a in 4 images, b in 8, c in 2; b and c together in 2, a and b in 1."""
    labels = [[0]] * 3 + [[0, 1]] + [[1, 2]] * 2 + [[1]] * 5
    images = np.repeat(np.arange(11), [len(label) for label in labels])
    return ClassStatistics(np.array([4, 8, 2]), 11, ('a', 'b', 'c'), (images, np.concatenate(labels)))


TABLE = """\
class  images  group
b           8  head
a           4  medium
c           2  tail

11 images, 1.27 classes each
head: 1 classes, 8 to 8 images
medium: 1 classes, 4 to 4 images
tail: 1 classes, 2 to 2 images
imbalance factor 4.0

images with both
     2  b + c
     1  a + b"""


def test_table(statistics):
    assert class_table(statistics, ClassGroups((3, 8))) == TABLE
    assert class_table(statistics, ClassGroups((3, 8)), num_pairs=1) == TABLE.rsplit('\n', 1)[0]


def test_table_without_cooccurrence_and_with_empty_groups_and_classes():
    table = class_table(ClassStatistics(np.array([5, 0, 0]), 5, ('a', 'b', 'c')))
    assert 'head: 0 classes\nmedium: 0 classes\ntail: 3 classes, 0 to 5 images' in table
    assert table.endswith('classes without an image: b, c')


def test_bars_are_the_sorted_counts_in_their_groups_colours(statistics, tmp_path):
    figure = draw_class_counts(statistics, ClassGroups((3, 8)))
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [8, 4, 2]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ['b', 'a', 'c']
    assert [text.get_text() for text in axes.get_legend().get_texts()][2] == 'tail, 1 classes'
    figure.savefig(tmp_path / 'counts.png')
    assert (tmp_path / 'counts.png').stat().st_size > 1000


def test_cooccurrence_is_a_share_of_the_rows_class(statistics, tmp_path):
    figure = draw_cooccurrence(statistics)
    shown = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    nan = np.nan
    np.testing.assert_array_equal(shown, [[nan, 1 / 8, 2 / 8], [1 / 4, nan, 0], [1, 0, nan]])
    figure.savefig(tmp_path / 'together.png')
    with pytest.raises(ValueError, match='cooccurrence=None'):
        draw_cooccurrence(ClassStatistics(np.array([1]), 1, ('a',)))


def test_a_thousand_classes_with_empty_ones_can_be_drawn(tmp_path):
    counts = np.maximum(1000 - np.arange(1000) * 2, 0)
    images = np.repeat(np.arange(counts.sum()), 1)
    classes = np.repeat(np.arange(1000), counts)
    statistics = ClassStatistics(counts, len(images), tuple(map(str, range(1000))), (images, classes))
    for draw in (draw_class_counts, draw_cooccurrence):
        draw(statistics).savefig(tmp_path / 'large.png', dpi=40)
        assert (tmp_path / 'large.png').stat().st_size > 1000
