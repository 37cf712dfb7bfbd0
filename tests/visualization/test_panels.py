"""What the panels show, read back from matplotlib."""

import numpy as np
import pytest

from mmlongtail.structures import ClassStatistics
from mmlongtail.visualization.panels import NAMES_UP_TO, class_panels, head_to_tail, mark_groups

STATISTICS = ClassStatistics(np.array([5, 300, 50]), 355, ('a', 'b', 'c'))  # tail, head, medium


def test_classes_stand_from_head_to_tail_and_equal_ones_as_they_come():
    assert head_to_tail([5, 300, 50]).tolist() == [1, 2, 0]
    assert head_to_tail([7, 9, 7, 9]).tolist() == [1, 3, 0, 2]


def test_the_lowest_panel_has_the_names():
    figure, axes = class_panels(2, STATISTICS)
    assert len(axes) == 2 and figure.axes == axes
    assert [label.get_text() for label in axes[-1].get_xticklabels()] == ['b', 'c', 'a']


def test_too_many_classes_have_no_names():
    counts = np.arange(NAMES_UP_TO + 1, 0, -1)
    _, (ax,) = class_panels(1, ClassStatistics(counts, int(counts.sum())))
    assert ax.get_xlabel() == 'class, from head to tail'


@pytest.mark.parametrize(('signed', 'head'), [(True, 'head, mean +80.0'), (False, 'head, mean 80.0')])
def test_groups_have_their_mean_and_one_without_scores_only_its_name(signed, head):
    _, (ax,) = class_panels(1, STATISTICS)
    mark_groups(ax, STATISTICS, np.array([80.0, np.nan, 20.0]), signed=signed)
    assert [text.get_text() for text in ax.texts] == [
        head,
        'medium',
        head.replace('head', 'tail').replace('80', '20'),
    ]


def test_a_narrow_group_has_its_mean_under_its_name():
    counts = np.array([300, *range(99, 80, -1)])  # one head class of 20
    statistics = ClassStatistics(counts, int(counts.sum()))
    figure, (ax,) = class_panels(1, statistics)
    mark_groups(ax, statistics, np.arange(20.0), signed=False)
    assert [text.get_text() for text in ax.texts] == ['head\n0.0', 'medium, mean 10.0']
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert boxes[0].x1 < boxes[1].x0
