"""Figures of the report that no paper has: curves of the training, scores of classes, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmlongtail.analysis.mistakes import Calibration
from mmlongtail.structures import ClassGroups, ClassStatistics

from ..panels import class_panels, head_to_tail, mark_groups

MARKERS = 'os^Dv*Px'

# name of a run: steps and values, (R,) each
Lines = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curves_figure(lines: Lines, what: str, over: str) -> Figure:
    """A line per run.

    Args:
        lines: Steps and values of each run.
        what: The values' name, with unit.
        over: The steps' name.
    """
    figure = Figure(figsize=(5.4, 2.8), layout='constrained')
    ax = figure.subplots()
    for name, (steps, values) in lines.items():
        ax.plot(steps, values, '.-' if len(steps) < 40 else '-', linewidth=1.4, label=name)
    ax.set(xlabel=over, ylabel=what)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    if len(lines) > 1:
        figure.legend(loc='outside upper left', fontsize=8, ncols=min(len(lines), 3), frameon=False)
    return figure


def class_score_figure(
    scores: Mapping[str, np.ndarray], statistics: ClassStatistics, score: str, groups: ClassGroups
) -> Figure:
    """Scores of all classes, from head to tail.

    Args:
        scores: In percent, (K,), of each run; NaN where there is none.
        statistics: Of the training set.
        score: What they are called.
        groups: The groups of the classes.
    """
    figure, (ax,) = class_panels(1, statistics, height=2.6)
    order = head_to_tail(statistics.class_counts)
    for i, (name, values) in enumerate(scores.items()):
        style = dict(marker=MARKERS[i % len(MARKERS)], markersize=5, linewidth=0.6, alpha=0.85)
        ax.plot(range(len(order)), values[order], label=name, **style)
    ax.set_ylabel(f'{score} (%)')
    [only] = scores.values() if len(scores) == 1 else [None]
    mark_groups(ax, statistics, None if only is None else only[order], signed=False, groups=groups)
    ax.set(ylim=(0, 118), yticks=range(0, 101, 25))  # room for the groups' names
    if len(scores) > 1:
        figure.legend(loc='outside upper left', fontsize=8, ncols=min(len(scores), 3), frameon=False)
    return figure


def reliability_figure(parts: Mapping[str, Sequence[Calibration]]) -> Figure:
    """How often decisions are right by their score, a panel per run and a line per group.

    Args:
        parts: Calibration of the groups of each run.
    """
    columns = min(len(parts), 3)
    rows = -(-len(parts) // columns)
    figure = Figure(figsize=(3.4 * columns, 3.2 * rows), layout='constrained')
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax in axes[len(parts) :]:
        ax.remove()
    for ax, (name, groups) in zip(axes, parts.items()):
        ax.plot([0, 1], [0, 1], color='gray', linewidth=0.8, linestyle='--')
        for group in groups:
            ax.plot(*group.bins.T, '.-', label=group.name, linewidth=1.2)
        ax.set(xlim=(0, 1), ylim=(0, 1), xlabel='mean score', ylabel='share that is right')
        ax.set_title(name, loc='left', fontsize=9)
        ax.grid(alpha=0.3)
    axes[0].legend(fontsize=8, loc='upper left', frameon=False)
    return figure
