"""The numbers and the printed tables of a result."""

import numpy as np
import pytest

from mmlongtail.evaluation import GroupReport
from mmlongtail.structures import SINGLE_LABEL

NAMES = ('person', 'dog', 'sofa', 'bus', 'cow')
COUNTS = np.array([775, 100, 60, 12, 4])


def test_means_leave_classes_without_positives_out():
    report = GroupReport(np.array([80.0, 60.0, np.nan, 50.0, 10.0]), NAMES, COUNTS)
    assert report.left_out == ['sofa']
    assert report.means == pytest.approx(dict(head=70.0, tail=30.0, total=50.0))


def test_printed_table():
    report = GroupReport(np.array([80.0, 60.0, np.nan, 50.0, np.nan]), NAMES, COUNTS)
    assert str(report).splitlines() == [
        'group   classes  train images  mAP (%)',
        'head          2    100 to 775    70.00',
        'medium   0 of 1      60 to 60        -',
        'tail     1 of 2       4 to 12    50.00',
        'total    3 of 5      4 to 775    63.33',
    ]


def test_without_counts_there_is_only_the_total():
    report = GroupReport(np.array([80.0, 60.0]), NAMES[:2])
    assert report.means == {'total': 70.0}
    assert str(report).splitlines()[1].split() == ['total', '2', '-', '70.00']
    assert report.per_class_table().splitlines()[1].split() == ['person', '-', '-', '80.00']


def test_per_class_table_goes_from_head_to_tail():
    order = [3, 1, 4, 0, 2]
    report = GroupReport(
        np.array([80.0, 60.0, np.nan, 50.0, 10.0])[order],
        [NAMES[k] for k in order],
        COUNTS[order],
    )
    rows = [line.split() for line in report.per_class_table().splitlines()[1:]]
    assert [row[0] for row in rows] == list(NAMES)
    assert rows[0] == ['person', 'head', '775', '80.00'] and rows[2] == ['sofa', 'medium', '60', '-']


def test_an_empty_group_has_no_row_and_no_mean():
    report = GroupReport(np.array([80.0, 60.0]), NAMES[:2], COUNTS[:2])
    assert set(report.means) == {'head', 'total'} and 'tail' not in str(report)


def test_other_scores_and_groups_have_their_own_words():
    words = dict(score='accuracy', mean_score='mean accuracy', groups=SINGLE_LABEL)
    report = GroupReport(np.array([80.0, 60.0, 10.0]), NAMES[:3], COUNTS[[0, 2, 4]], **words)
    assert report.means == pytest.approx(dict(many=80.0, medium=60.0, few=10.0, total=50.0))
    assert str(report).splitlines() == [
        'group   classes  train images  mean accuracy (%)',
        'many          1    775 to 775              80.00',
        'medium        1      60 to 60              60.00',
        'few           1        4 to 4              10.00',
        'total         3      4 to 775              50.00',
    ]
    rows = [line.split() for line in report.per_class_table().splitlines()]
    assert rows[0][-2:] == ['accuracy', '(%)'] and rows[3] == ['sofa', 'few', '4', '10.00']


def test_details_are_of_all_classes_or_of_the_worst():
    few = GroupReport(np.array([80.0, 60.0]), NAMES[:2])
    assert few.class_details() == few.per_class_table()
    scores = np.arange(31.0)[::-1].copy()
    scores[30] = np.nan
    counts = np.arange(31, 0, -1)
    many = GroupReport(scores, [f'c{k}' for k in range(31)], counts)
    first, _, *rows = many.class_details().splitlines()
    assert first == 'the 10 worst classes'
    assert [row.split()[0] for row in rows] == [f'c{k}' for k in range(20, 30)]
