"""What is drawn and printed, read back."""

import numpy as np
import pytest

from mmlongtail.structures import SINGLE_LABEL, ClassGroups, ClassStatistics
from mmlongtail.visualization import peer_figures as figures

STATISTICS = ClassStatistics(np.array([5, 300, 50, 100]), 455, ('cow', 'person', 'dog', 'car'))
ORDER = [1, 3, 2, 0]
CE = dict(experts=np.array([4.0, 1.0, 3.0, 2.0]), copies=np.array([0.4, 0.1, np.nan, 0.2]))
ONE = dict(copies=np.array([0.2, 0.1, 0.1, 0.2]))


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_panel_for_each_kind_of_peers():
    figure = figures.divergence_figure({'CE': CE, 'one expert': ONE}, STATISTICS, groups=SINGLE_LABEL)
    experts, copies = figure.axes
    assert experts.get_title(loc='left').startswith('between experts')
    assert copies.get_title(loc='left').startswith('between copies')
    assert legend(experts) == ['CE, mean 2.5'] and legend(copies) == [
        'CE, mean 0.233',
        'one expert, mean 0.15',
    ]
    np.testing.assert_array_equal(experts.lines[0].get_ydata(), CE['experts'][ORDER])
    for line, run in zip(copies.lines, (CE, ONE)):
        np.testing.assert_array_equal(line.get_ydata(), run['copies'][ORDER])
    assert experts.lines[0].get_color() == copies.lines[0].get_color() != copies.lines[1].get_color()
    for ax in figure.axes:
        assert [text.get_text() for text in ax.texts] == ['many', 'medium', 'few'] and ax.get_ylim()[0] == 0
    assert [label.get_text() for label in copies.get_xticklabels()] == ['person', 'car', 'dog', 'cow']


def test_only_what_there_is():
    (ax,) = figures.divergence_figure({'A': ONE, 'B': ONE}, STATISTICS).axes
    assert ax.get_title(loc='left').startswith('between copies')
    with pytest.raises(ValueError, match=r"\['A'\] have one expert and one copy each"):
        figures.divergence_figure({'A': {}}, STATISTICS)


def test_means_in_a_table():
    """The edge of 100 images is medium; class 2, of no value, is left out; no class has more than 1000 images."""
    table = figures.divergence_table({'CE': CE, 'one expert': ONE}, STATISTICS, groups=SINGLE_LABEL)
    assert table.splitlines() == [
        '| KL divergence | between | all | many | medium | few |',
        '| --- | --- | ---: | ---: | ---: | ---: |',
        '| CE | experts | 2.5000 | 1.0000 | 2.5000 | 4.0000 |',
        '| CE | copies | 0.2333 | 0.1000 | 0.2000 | 0.4000 |',
        '| one expert | copies | 0.1500 | 0.1000 | 0.1500 | 0.2000 |',
    ]
    table = figures.divergence_table({'A': ONE}, STATISTICS, groups=ClassGroups((20, 1000)))
    assert table.splitlines()[-1] == '| A | copies | 0.1500 | – | 0.1333 | 0.2000 |'


def test_histogram_in_percent():
    values = np.array([0.01, 0.04, 0.06, 1.0])
    (ax,) = figures.hardest_negative_figure({'CE': values, 'NCL': np.array([0.52, 0.52])}).axes
    assert legend(ax) == ['CE, mean 0.278', 'NCL, mean 0.520'] and ax.get_xlim() == (0, 1)
    heights = [shape.get_xy()[1:-1:2, 1] for shape in ax.patches]
    expected = np.zeros((2, 20))
    expected[0, [0, 1, 19]] = 50, 25, 25
    expected[1, 10] = 100
    np.testing.assert_allclose(heights, expected)


@pytest.mark.parametrize('number', [0, 11])
def test_runs_without_a_colour(number):
    with pytest.raises(ValueError, match=f'colours for 1 to 10 runs, got {number}'):
        figures.divergence_figure({str(i): ONE for i in range(number)}, STATISTICS)
    with pytest.raises(ValueError, match=f'colours for 1 to 10 runs, got {number}'):
        figures.hardest_negative_figure({str(i): np.ones(2) for i in range(number)})
