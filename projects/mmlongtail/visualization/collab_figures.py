"""Figures 3 to 6 of collaborative training (Guo & Wang, CVPR 2021); classes go from head to tail, left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

from .class_report import NAMES_UP_TO

GAIN, LOSS = 'tab:blue', 'tab:red'
SIGNS = {'pos': ('positive', GAIN), 'neg': ('negative', LOSS)}


def increment_figure(
    baseline: np.ndarray,
    others: Mapping[str, np.ndarray],
    class_statistics: ClassStatistics,
    baseline_name: str,
) -> Figure:
    """Fig. 3: AP of each class over a baseline's.

    Args:
        baseline: AP in percent, (K,); NaN where there is none.
        others: The same of each method to compare, one panel each.
        class_statistics: Of the training set.
        baseline_name: Name of the method whose AP is the zero line.
    """
    figure, axes = class_panels(len(others), class_statistics, sharey=True)
    order = head_to_tail(class_statistics.class_counts)
    for ax, (name, values) in zip(axes, others.items()):
        gain = (values - baseline)[order]
        ax.bar(range(len(gain)), gain, color=np.where(gain < 0, LOSS, GAIN))
        ax.set_title(f'{name} over {baseline_name}', loc='left', fontsize=10)
        ax.set_ylabel('AP increment (points)')
        mark_groups(ax, class_statistics, gain)
    return figure


def compensation_figure(
    branches: Mapping[str, Mapping[str, np.ndarray]], class_statistics: ClassStatistics
) -> Figure:
    """Fig. 4: the learned mu and sigma of eq. (6), a pair of panels per branch.

    Args:
        branches: ``mu_pos, mu_neg, sigma_pos, sigma_neg``, (K,) each, of each branch.
        class_statistics: Of the training set.
    """
    figure, axes = class_panels(2 * len(branches), class_statistics)
    order = head_to_tail(class_statistics.class_counts)
    panels = [(name, symbol) for symbol in ('mu', 'sigma') for name in branches]
    for ax, (name, symbol) in zip(axes, panels):
        for sign, (label, color) in SIGNS.items():
            ax.plot(branches[name][f'{symbol}_{sign}'][order], '.-', color=color, label=f'{label} logits')
        ax.axhline(0 if symbol == 'mu' else 1, color='grey', linewidth=0.8)  # where training starts
        ax.set_title(f'{name}: $\\{symbol}$', loc='left', fontsize=10)
        ax.legend(fontsize=8, loc='lower right', bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        mark_groups(ax, class_statistics)
    return figure


def cooccurrence_figure(class_statistics: ClassStatistics) -> Figure:
    """Fig. 5: with how many other classes each class shares a training image.

    Raises:
        ValueError: If the statistics know no co-occurrence.
    """
    if class_statistics.cooccurrence is None:
        raise ValueError(
            'these class statistics know no co-occurrence: take them from a multi-label data set'
        )
    together = class_statistics.cooccurrence > 0
    np.fill_diagonal(together, False)
    others = together.sum(axis=1)[head_to_tail(class_statistics.class_counts)]
    figure, (ax,) = class_panels(1, class_statistics)
    ax.bar(range(len(others)), others, color=GAIN)
    ax.set_ylabel('co-occurring classes')
    mark_groups(ax, class_statistics, others, signed=False)
    return figure


def weight_figure(results: Mapping[float, Sequence[float]], title: str) -> Figure:
    """Fig. 6: total mAP over the weight of the consistency loss, mean and standard deviation over seeds.

    Args:
        results: Total mAP in percent of each seed, for each lambda.
        title: What was trained.
    """
    weights = sorted(results)
    means = [np.mean(results[weight]) for weight in weights]
    deviations = [np.std(results[weight], ddof=1) if len(results[weight]) > 1 else 0 for weight in weights]
    figure = Figure(figsize=(5, 3.2), layout='constrained')
    ax = figure.add_subplot()
    ax.errorbar(weights, means, deviations, marker='o', capsize=3, color=GAIN)
    ax.set(xscale='log', xlabel=r'$\lambda$', ylabel='total mAP (%)', title=title)
    ax.set_xticks(weights, [f'{weight:g}' for weight in weights])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    return figure


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
            ax.axvspan(first, last, color='grey', alpha=0.12, linewidth=0, zorder=0)
        text = name
        if name in means:
            mean = round(means[name], 1) + 0.0  # never -0.0
            text += f', mean {mean:{"+" if signed else ""}.1f}'
        ax.text((first + last) / 2, 0.97, text, transform=top, ha='center', va='top', fontsize=8)
    ax.margins(y=0.2)
