"""What a person reads of a set before a training, and of its result after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmlongtail.evaluation.group_report import GroupReport
from mmlongtail.structures import ClassStatistics
from mmlongtail.visualization.class_report import class_table, draw_class_counts

NAMED = 30


def describe_tail(statistics: ClassStatistics) -> str:
    """The counts of all classes, or of the most and least frequent ones where there are more than 30."""
    if statistics.num_images == statistics.class_counts.sum():  # one label each: no pairs
        statistics = replace(statistics, labels=None)
    table = class_table(statistics, num_pairs=5)
    if len(statistics.class_counts) <= NAMED:
        return table
    rows, _, summary = table.partition('\n\n')
    lines = rows.splitlines()
    return '\n'.join([*lines[:6], f'… {len(lines) - 11} more', *lines[-5:], '', summary])


def draw_tail(statistics: ClassStatistics, path: Path) -> None:
    """Write the drawing of the counts."""
    draw_class_counts(statistics).savefig(path, dpi=120)


def describe_result(report: GroupReport) -> str:
    """The scores of the groups; then of all classes, or of the worst where there are many."""
    return f'{report}\n\n{report.class_details()}'
