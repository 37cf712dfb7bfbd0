"""Figures 9 and 11 (a) of NCL++ (Tan et al., 2023) from the numbers of analysis.peers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

from .classifier_figures import HEIGHT, RUN_COLOURS
from .panels import NAMES_UP_TO, class_panels, head_to_tail, mark_groups

PANELS = dict(experts='between experts, same image', copies='between copies of an image, same expert')
BINS = 20

# 'experts' and 'copies', or one of them: KL divergence of each class, (K,), NaN where there is none
Divergences = Mapping[str, np.ndarray]


def divergence_figure(
    runs: Mapping[str, Divergences],
    class_statistics: ClassStatistics,
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Fig. 9: mean KL divergence of each class from head to tail, a panel for each kind of peers.

    Args:
        runs: Divergences of each run, by its name.
        class_statistics: Of the training set.
        groups: The groups of the classes.

    Raises:
        ValueError: For no run, more than there are colours, or runs that all have one expert and one copy.
    """
    _check_number(runs)
    kinds = _kinds(runs)
    figure, axes = class_panels(len(kinds), class_statistics, height=HEIGHT)
    order = head_to_tail(class_statistics.class_counts)
    line = '-' if len(order) > NAMES_UP_TO else '.-'
    for ax, kind in zip(axes, kinds):
        for colour, (run, values) in zip(RUN_COLOURS, runs.items()):
            if kind in values:
                label = f'{run}, mean {np.nanmean(values[kind]):.3g}'
                ax.plot(values[kind][order], line, color=colour, linewidth=1, markersize=4, label=label)
        ax.set_title(PANELS[kind], loc='left', fontsize=10)
        ax.set_ylabel('KL divergence (nats)')
        ax.grid(axis='y', alpha=0.3)
        ax.legend(fontsize=8, loc='upper left', bbox_to_anchor=(1, 1), frameon=False)
        mark_groups(ax, class_statistics, groups=groups)
        ax.set_ylim(bottom=0)
    return figure


def divergence_table(
    runs: Mapping[str, Divergences],
    class_statistics: ClassStatistics,
    groups: ClassGroups = MULTI_LABEL,
) -> str:
    """Means over all classes and over each group's, in Markdown.

    Args:
        runs: Divergences of each run, by its name.
        class_statistics: Of the training set.
        groups: The groups of the classes.

    Raises:
        ValueError: For runs that all have one expert and one copy.
    """
    columns = ('all', *groups.names)
    lines = [['KL divergence', 'between', *columns], ['---', '---', *['---:'] * len(columns)]]
    for kind in _kinds(runs):
        for run, values in runs.items():
            if kind in values:
                means = groups.means(class_statistics.class_counts, values[kind])
                if not np.isnan(values[kind]).all():
                    means['all'] = np.nanmean(values[kind])
                lines.append([run, kind, *(f'{means[c]:.4f}' if c in means else '–' for c in columns)])
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def hardest_negative_figure(runs: Mapping[str, np.ndarray]) -> Figure:
    """Fig. 11 (a): how the probability of the hardest negative is distributed over the test images.

    Args:
        runs: Probabilities of each run, (N,), by its name.

    Raises:
        ValueError: For no run, or more than there are colours.
    """
    _check_number(runs)
    figure = Figure(figsize=(6, HEIGHT + 0.9), layout='constrained')
    ax = figure.add_subplot()
    for colour, (run, values) in zip(RUN_COLOURS, runs.items()):
        percent = np.full(len(values), 100 / len(values))
        label = f'{run}, mean {values.mean():.3f}'
        ax.hist(values, bins=BINS, range=(0, 1), weights=percent, histtype='step', color=colour, label=label)
    ax.set(xlim=(0, 1), xlabel='probability of the hardest negative', ylabel='test images (%)')
    ax.grid(axis='y', alpha=0.3)
    ax.legend(fontsize=8, frameon=False)
    return figure


def _check_number(runs: Mapping) -> None:
    if not 1 <= len(runs) <= len(RUN_COLOURS):
        raise ValueError(f'there are colours for 1 to {len(RUN_COLOURS)} runs, got {len(runs)}: {list(runs)}')


def _kinds(runs: Mapping[str, Divergences]) -> list[str]:
    """The kinds of peers that any run has."""
    kinds = [kind for kind in PANELS if any(kind in values for values in runs.values())]
    if not kinds:
        raise ValueError(f'{list(runs)} have one expert and one copy each, expected two to compare')
    return kinds
