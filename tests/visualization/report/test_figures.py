"""What the report's own figures show."""

import numpy as np
import pytest

from mmlongtail.analysis.mistakes import Calibration
from mmlongtail.structures import MULTI_LABEL, ClassStatistics
from mmlongtail.visualization.report.figures import class_score_figure, curves_figure, reliability_figure

STATISTICS = ClassStatistics(np.array([7, 200, 50]), 230, ('rare', 'frequent', 'between'))


def test_classes_stand_from_head_to_tail_and_the_axis_ends_at_100_percent():
    scores = {'a': np.array([10.0, 100.0, np.nan]), 'b': np.array([30.0, 90.0, 60.0])}
    [ax] = class_score_figure(scores, STATISTICS, 'AP', MULTI_LABEL).axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [100, np.nan, 10])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [90, 60, 30])
    assert ax.get_ylabel() == 'AP (%)' and ax.get_yticks().max() == 100 and ax.get_ylim()[1] > 100
    assert [text.get_text() for text in ax.texts] == ['head', 'medium', 'tail']


def test_the_only_run_has_its_groups_means():
    [ax] = class_score_figure({'a': np.array([10.0, 100.0, np.nan])}, STATISTICS, 'AP', MULTI_LABEL).axes
    means = [text.get_text().split()[-1] for text in ax.texts]
    assert means == ['100.0', 'medium', '10.0'] and not ax.figure.legends


def test_curves_have_points_where_they_are_few():
    lines = dict(short=([1, 2], [0.5, 0.25]), long=(range(100), np.linspace(1, 0, 100)))
    figure = curves_figure(lines, 'loss', 'iteration')
    short, long = figure.axes[0].lines
    assert (short.get_marker(), long.get_marker()) == ('.', 'None')
    np.testing.assert_array_equal(short.get_xydata(), [[1, 0.5], [2, 0.25]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ['short', 'long']
    assert not curves_figure(dict(short=lines['short']), 'loss', 'iteration').legends


@pytest.mark.parametrize(('runs', 'shape'), [(1, (1, 1)), (3, (1, 3)), (4, (2, 3))])
def test_reliability_has_a_panel_per_run(runs, shape):
    bins = np.array([[0.1, 0.2], [0.9, 0.7]])
    groups = [Calibration('tail', decisions=9, confidence=0.5, share=0.45, error=0.1, bins=bins)]
    figure = reliability_figure({f'run {i}': groups for i in range(runs)})
    assert len(figure.axes) == runs
    assert figure.axes[0].get_gridspec().get_geometry() == shape
    diagonal, line = figure.axes[-1].lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(line.get_xydata(), bins)
