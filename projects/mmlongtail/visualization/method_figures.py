"""Methods side by side, class by class, from the most to the least frequent one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

from .panels import class_panels, head_to_tail, mark_groups

COLORS = (
    '#999999',
    '#0072b2',
    '#e69f00',
    '#009e73',
)  # the baseline's first; apart for color-blind readers too


def score_figure(
    scores: Mapping[str, np.ndarray],
    class_statistics: ClassStatistics,
    measure: str,
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """The training images of each class and, below, its score by each method, with each group's mean.

    Args:
        scores: In percent, (K,), of at most four methods, the baseline first; NaN where there is none.
        class_statistics: Of the training set.
        measure: Name of the score.
        groups: The groups of the classes.

    Raises:
        ValueError: If there is no method, or more than there are colors.
    """
    if not 1 <= len(scores) <= len(COLORS):
        raise ValueError(f'scores has {len(scores)} methods, expected 1 to {len(COLORS)}')
    figure, (above, below) = class_panels(2, class_statistics, height=2.4)
    counts = np.asarray(class_statistics.class_counts)
    order = head_to_tail(counts)
    bars = above.bar(range(len(order)), counts[order], color=COLORS[0])
    above.bar_label(bars, fontsize=7)
    above.set(yscale='log', ylabel='training images')
    mark_groups(above, class_statistics, groups=groups)
    above.set_ylim(max(0.5, counts.min() / 2), 6 * counts.max())  # room for the groups' names
    members = groups.members(counts[order])
    width = 0.8 / len(scores)
    for i, ((name, values), color) in enumerate(zip(scores.items(), COLORS)):
        places = np.arange(len(order)) + (i - (len(scores) - 1) / 2) * width
        below.bar(places, np.nan_to_num(values[order]), width, color=color, label=name)
        _draw_means(below, values[order], members, color, shift=28 * (i - (len(scores) - 1) / 2))
    below.set(ylabel=measure, ylim=(0, 118), yticks=range(0, 101, 25))
    below.legend(fontsize=8, loc='lower right', bbox_to_anchor=(1, 1), ncols=len(scores), frameon=False)
    return figure


def _draw_means(
    ax: Axes, values: np.ndarray, members: Mapping[str, np.ndarray], color: str, shift: float
) -> None:
    """A dashed line over each group's classes at their mean, the number above, ``shift`` points from the middle."""
    for places in members.values():
        known = values[places][~np.isnan(values[places])]
        if len(known):
            mean, ends = known.mean(), (places[0] - 0.45, places[-1] + 0.45)
            ax.plot(ends, (mean, mean), '--', color=color, linewidth=1)
            place = dict(xytext=(shift, 0), textcoords='offset points', ha='center', va='center')
            ax.annotate(f'{mean:.1f}', (sum(ends) / 2, 110), fontsize=9, weight='bold', color=color, **place)
