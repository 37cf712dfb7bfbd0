"""What is drawn, read back from the figures."""

import numpy as np
import pytest
from matplotlib.colors import same_color

from mmlongtail.structures import SINGLE_LABEL, ClassGroups, ClassStatistics
from mmlongtail.visualization import classifier_figures as figures

COUNTS = np.array([5, 300, 50, 100])  # tail, head, medium, at the edge
ORDER = [1, 3, 2, 0]
STATISTICS = ClassStatistics(COUNTS, 455, ('cow', 'person', 'dog', 'car'))
CE, GCL = np.array([10.0, 80.0, np.nan, 60.0]), np.array([30.0, 76.0, 50.0, 62.0])


def legend(figure):
    (box,) = figure.legends
    return [text.get_text() for text in box.get_texts()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_bars_of_two_runs_stand_beside_each_other():
    figure = figures.score_figure({'CE': CE, 'GCL': GCL}, STATISTICS, groups=SINGLE_LABEL)
    (ax,) = figure.axes
    assert legend(figure) == [
        'CE (many 80.0, medium 60.0, few 10.0)',
        'GCL (many 76.0, medium 56.0, few 30.0)',
    ]
    assert texts(ax) == ['many', 'medium', 'few'] and ax.get_ylabel() == 'accuracy (%)'
    assert [label.get_text() for label in ax.get_xticklabels()] == ['person', 'car', 'dog', 'cow']
    for i, (bars, values) in enumerate(zip(ax.containers, (CE, GCL))):
        np.testing.assert_array_equal([bar.get_height() for bar in bars], values[ORDER])
        edges = [0, 0.4] if i else [-0.4, 0]
        np.testing.assert_allclose([bar.get_x() for bar in bars], np.arange(4) + edges[0], atol=1e-12)
        np.testing.assert_allclose(
            [bar.get_x() + bar.get_width() for bar in bars], np.arange(4) + edges[1], atol=1e-12
        )


def test_the_edge_belongs_to_whom_the_rule_says():
    figure = figures.score_figure({'A': GCL}, STATISTICS, 'AP', 'lines')
    assert legend(figure) == ['A (head 69.0, medium 50.0, tail 30.0)']
    figure = figures.score_figure({'A': GCL}, STATISTICS, 'AP', 'lines', ClassGroups((60, 200)))
    assert legend(figure) == ['A (head 76.0, medium 62.0, tail 40.0)']


def test_lines_where_bars_would_be_many():
    known = ClassStatistics(np.arange(1000), 2000)
    values = np.random.default_rng(0).random(1000)
    (ax,) = figures.score_figure({'A': values}, known).axes
    assert not ax.containers
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values[::-1])
    assert ax.get_xlabel() == 'class, from head to tail' and ax.figure.get_size_inches()[0] < 30


@pytest.mark.parametrize('relative', [False, True])
def test_norms_in_order(relative):
    norms = {'CE': np.array([1.0, 4.0, 2.0, 3.0]), 'cosine': np.array([5.0, 5.0, 5.0, 5.0])}
    figure = figures.norm_figure(norms, STATISTICS, relative, groups=SINGLE_LABEL)
    (ax,) = figure.axes
    expected = ([1.6, 1.2, 0.8, 0.4], [1, 1, 1, 1]) if relative else ([4, 3, 2, 1], [5, 5, 5, 5])
    for line, values in zip(ax.lines, expected):
        np.testing.assert_allclose(line.get_ydata(), values)
    assert legend(figure) == ['CE', 'cosine'] and texts(ax) == ['many', 'medium', 'few']
    assert ax.get_ylim()[0] == 0 and ('/ mean' in ax.get_ylabel()) == relative


@pytest.mark.parametrize('draw', [figures.score_figure, figures.norm_figure])
def test_runs_that_cannot_be_drawn(draw):
    with pytest.raises(ValueError, match='colours for 1 to 10 runs, got 0'):
        draw({}, STATISTICS)
    with pytest.raises(ValueError, match='colours for 1 to 10 runs, got 11'):
        draw({str(i): GCL for i in range(11)}, STATISTICS)
    other = ClassStatistics(np.array([3, 2]), 5)
    with pytest.raises(ValueError, match=r'A has values of shape \(4,\), expected 2 classes'):
        figures.norm_figure({'A': GCL}, other)
    with pytest.raises(ValueError, match="style is 'pie', expected 'bars' or 'lines'"):
        figures.score_figure({'A': GCL}, STATISTICS, style='pie')


def test_points_have_the_colour_and_marker_of_their_class():
    points, labels = np.random.default_rng(0).normal(size=(7, 2)), np.array([0, 1, 0, 3, 1, 0, 3])
    figure = figures.tsne_figure(points, labels, STATISTICS, 'CE', groups=SINGLE_LABEL)
    (ax,) = figure.axes
    assert legend(figure) == ['person, many, 300', 'car, medium, 100', 'cow, few, 5']  # no dog is drawn
    colours = [dots.get_facecolor() for dots in ax.collections]
    for dots, k in zip(ax.collections, (1, 3, 0)):
        np.testing.assert_array_equal(dots.get_offsets(), points[labels == k])
    assert not any(same_color(colours[i], colours[i - 1]) for i in range(3))
    shapes = [len(dots.get_paths()[0]) for dots in ax.collections]
    assert len(set(shapes)) == 3
    with pytest.raises(ValueError, match='labels have 21 classes, expected at most 20'):
        many = ClassStatistics(np.ones(21), 21)
        figures.tsne_figure(np.zeros((21, 2)), np.arange(21), many)
