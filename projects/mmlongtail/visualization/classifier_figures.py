"""What a classifier makes of each class: its score, the length of its weights, its features."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

from .panels import NAMES_UP_TO, class_panels, head_to_tail, mark_groups

RUN_COLOURS = matplotlib.color_sequences['tab10']
CLASS_COLOURS = matplotlib.color_sequences['tab20']
MARKERS = ('o', 's', '^')  # head, medium, tail
CLEAR_BARS = 60  # beyond that many, bars are too thin to compare
HEIGHT = 3.2  # of a panel, in inches


def score_figure(
    runs: Mapping[str, np.ndarray],
    class_statistics: ClassStatistics,
    score: str = 'accuracy',
    style: str | None = None,
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Score of each class from head to tail, the means of the groups in the legend.

    Args:
        runs: Scores in percent of each run, (K,); NaN where there is none.
        class_statistics: Of the training set.
        score: What they are.
        style: 'bars' or 'lines'; as many bars as can be told apart if None.
        groups: The groups of the classes.

    Raises:
        ValueError: For no run, more than there are colours, another number of classes, or an unknown style.
    """
    if style not in (None, 'bars', 'lines'):
        raise ValueError(f"style is {style!r}, expected 'bars' or 'lines'")
    counts = class_statistics.class_counts
    means = {run: groups.means(counts, values) for run, values in runs.items()}
    labels = {
        run: f'{run} ({", ".join(f"{name} {mean:.1f}" for name, mean in of.items())})'
        for run, of in means.items()
    }
    few = len(runs) * len(counts) <= CLEAR_BARS
    bars = few if style is None else style == 'bars'
    figure, ax = _draw_runs(runs, labels, class_statistics, bars)
    ax.set_ylabel(f'{score} (%)')
    mark_groups(ax, class_statistics, groups=groups)
    ax.set_ylim(bottom=0)
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= 100])  # above is room for the groups' names
    return figure


def norm_figure(
    runs: Mapping[str, np.ndarray],
    class_statistics: ClassStatistics,
    relative: bool = False,
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Lengths of the class weights from head to tail.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, Fig. 2.

    Args:
        runs: Lengths of each classifier's weights, (K,).
        class_statistics: Of the training set.
        relative: Divide them by their mean, to compare classifiers of different scale.
        groups: The groups of the classes.

    Raises:
        ValueError: For no run, more than there are colours, or another number of classes.
    """
    if relative:
        runs = {name: values / values.mean() for name, values in runs.items()}
    figure, ax = _draw_runs(runs, {name: name for name in runs}, class_statistics, bars=False)
    ax.set_ylabel('length of weight / mean' if relative else 'length of weight')
    mark_groups(ax, class_statistics, groups=groups)
    ax.set_ylim(bottom=0)
    return figure


def tsne_figure(
    points: np.ndarray,
    labels: np.ndarray,
    class_statistics: ClassStatistics,
    title: str = '',
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Points in the plane, a colour per class and a marker per group; classes from head to tail in the legend.

    Args:
        points: Their places, (N, 2).
        labels: Class index of each, (N,).
        class_statistics: Of the training set.
        title: What is drawn.
        groups: The groups of the classes.

    Raises:
        ValueError: For more classes than colours.
    """
    order = [k for k in head_to_tail(class_statistics.class_counts) if (labels == k).any()]
    if len(order) > len(CLASS_COLOURS):
        raise ValueError(f'labels have {len(order)} classes, expected at most {len(CLASS_COLOURS)} to colour')
    colours = RUN_COLOURS if len(order) <= len(RUN_COLOURS) else CLASS_COLOURS
    group_of = groups.assign(class_statistics.class_counts)
    figure = Figure(figsize=(6.6, 4.6), layout='constrained')
    ax = figure.add_subplot()
    for colour, k in zip(colours, order):
        name, images = _class_name(class_statistics, k), class_statistics.class_counts[k]
        ax.scatter(
            *points[labels == k].T,
            s=14,
            color=colour,
            marker=MARKERS[group_of[k]],
            linewidths=0,
            alpha=0.8,
            label=f'{name}, {groups.names[group_of[k]]}, {images}',
        )
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, loc='left', fontsize=10)
    figure.legend(
        loc='outside right upper',
        fontsize=8,
        frameon=False,
        title='class, group, training images',
        title_fontsize=8,
    )
    return figure


def _draw_runs(
    runs: Mapping[str, np.ndarray], labels: Mapping[str, str], class_statistics: ClassStatistics, bars: bool
) -> tuple[Figure, Axes]:
    """Values of each run, (K,), from head to tail, with a legend above the panel."""
    order = head_to_tail(class_statistics.class_counts)
    if not 1 <= len(runs) <= len(RUN_COLOURS):
        raise ValueError(f'there are colours for 1 to {len(RUN_COLOURS)} runs, got {len(runs)}: {list(runs)}')
    for run, values in runs.items():
        if values.shape != order.shape:
            raise ValueError(f'{run} has values of shape {values.shape}, expected {len(order)} classes')
    figure, (ax,) = class_panels(1, class_statistics, height=HEIGHT)
    places, width = np.arange(len(order)), 0.8 / len(runs)
    line = '-' if len(order) > NAMES_UP_TO else '.-'
    for i, (colour, (run, values)) in enumerate(zip(RUN_COLOURS, runs.items())):
        if bars:
            shift = (i - (len(runs) - 1) / 2) * width
            ax.bar(places + shift, values[order], width, color=colour, label=labels[run])
        else:
            ax.plot(places, values[order], line, color=colour, linewidth=1, markersize=4, label=labels[run])
    ax.grid(axis='y', alpha=0.3)
    ax.set_axisbelow(True)
    figure.legend(loc='outside upper left', ncols=1, fontsize=8, frameon=False)
    return figure, ax


def _class_name(class_statistics: ClassStatistics, k: int) -> str:
    return class_statistics.classes[k] if class_statistics.classes else str(k)
