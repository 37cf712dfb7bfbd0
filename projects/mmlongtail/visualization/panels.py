"""Panels that the figures share: all classes from head to tail, left to right."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

LETTER = 0.065  # inches of one of the groups' names
NAMES_UP_TO = 120  # classes; beyond it their names are unreadable


def head_to_tail(class_counts: np.ndarray) -> np.ndarray:
    """Class indices by falling number of training images, (K,)."""
    return np.argsort(-np.asarray(class_counts), kind='stable')


def class_panels(
    number: int, class_statistics: ClassStatistics, sharey: bool = False, height: float = 1.9
) -> tuple[Figure, list[Axes]]:
    """Panels above each other with the names of all classes under the lowest, unless they are too many to be read.

    Args:
        number: Number of panels.
        class_statistics: Of the training set.
        sharey: Whether all have one scale.
        height: Of a panel, in inches.
    """
    num_classes = len(class_statistics.class_counts)
    width = 0.19 * min(num_classes, NAMES_UP_TO) + 1
    figure = Figure(figsize=(max(6, width), height * number + 0.9), layout='constrained')
    axes = figure.subplots(number, sharex=True, sharey=sharey, squeeze=False)[:, 0]
    if num_classes > NAMES_UP_TO:
        axes[-1].set_xlabel('class, from head to tail')
    else:
        names = class_statistics.classes or [str(k) for k in range(num_classes)]
        labels = [names[k] for k in head_to_tail(class_statistics.class_counts)]
        axes[-1].set_xticks(range(num_classes), labels, rotation=90, fontsize=8)
    axes[-1].set_xlim(-0.7, num_classes - 0.3)
    return figure, list(axes)


def mark_groups(
    ax: Axes,
    class_statistics: ClassStatistics,
    values: np.ndarray | None = None,
    signed: bool = True,
    groups: ClassGroups = MULTI_LABEL,
) -> None:
    """Shade every other group and name it above the panel, with the mean of its values where given.

    Args:
        ax: Panel with the classes from head to tail.
        class_statistics: Of the training set.
        values: Of each class, from head to tail, (K,); NaN where there is none.
        signed: Whether a mean has its sign.
        groups: The groups of the classes.
    """
    order = head_to_tail(class_statistics.class_counts)
    counts = np.asarray(class_statistics.class_counts)[order]
    means = {} if values is None else groups.means(counts, values)
    top = ax.get_xaxis_transform()
    for name, members in groups.members(counts).items():
        first, last = members[0] - 0.5, members[-1] + 0.5
        if name == groups.names[1]:
            ax.axvspan(first, last, color='gray', alpha=0.12, linewidth=0, zorder=0)
        text = name
        if name in means:
            mean = f'{round(means[name], 1) + 0.0:{"+" if signed else ""}.1f}'  # never -0.0
            text = f'{name}, mean {mean}'
            if LETTER * len(text) > (last - first) / len(counts) * ax.figure.get_figwidth():
                text = f'{name}\n{mean}'
        ax.text((first + last) / 2, 0.97, text, transform=top, ha='center', va='top', fontsize=8)
    ax.margins(y=0.2)
