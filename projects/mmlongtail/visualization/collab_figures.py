"""Figures 3 to 6 of collaborative training (Guo & Wang, CVPR 2021); classes go from head to tail, left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL, ClassGroups, ClassStatistics

from .panels import class_panels, head_to_tail, mark_groups

GAIN, LOSS = 'tab:blue', 'tab:red'
SIGNS = {'pos': ('positive', GAIN), 'neg': ('negative', LOSS)}


def increment_figure(
    baseline: np.ndarray,
    others: Mapping[str, np.ndarray],
    class_statistics: ClassStatistics,
    baseline_name: str,
    score: str = 'AP',
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Fig. 3: AP of each class over a baseline's.

    Args:
        baseline: AP in percent, (K,); NaN where there is none.
        others: The same of each method to compare, one panel each.
        class_statistics: Of the training set.
        baseline_name: Name of the method whose AP is the zero line.
        score: What the score of a class is called.
        groups: The groups of the classes.
    """
    figure, axes = class_panels(len(others), class_statistics, sharey=True)
    order = head_to_tail(class_statistics.class_counts)
    for ax, (name, values) in zip(axes, others.items()):
        gain = (values - baseline)[order]
        ax.bar(range(len(gain)), gain, color=np.where(gain < 0, LOSS, GAIN))
        ax.set_title(f'{name} over {baseline_name}', loc='left', fontsize=10)
        ax.set_ylabel(f'{score} increment (points)')
        mark_groups(ax, class_statistics, gain, groups=groups)
    return figure


def compensation_figure(
    branches: Mapping[str, Mapping[str, np.ndarray]],
    class_statistics: ClassStatistics,
    groups: ClassGroups = MULTI_LABEL,
) -> Figure:
    """Fig. 4: the learned mu and sigma of eq. (6), a pair of panels per branch.

    Args:
        branches: ``mu_pos, mu_neg, sigma_pos, sigma_neg``, (K,) each, of each branch.
        class_statistics: Of the training set.
        groups: The groups of the classes.
    """
    figure, axes = class_panels(2 * len(branches), class_statistics)
    order = head_to_tail(class_statistics.class_counts)
    panels = [(name, symbol) for symbol in ('mu', 'sigma') for name in branches]
    for ax, (name, symbol) in zip(axes, panels):
        for sign, (label, color) in SIGNS.items():
            ax.plot(branches[name][f'{symbol}_{sign}'][order], '.-', color=color, label=f'{label} logits')
        ax.axhline(0 if symbol == 'mu' else 1, color='gray', linewidth=0.8)  # where training starts
        ax.set_title(f'{name}: $\\{symbol}$', loc='left', fontsize=10)
        ax.ticklabel_format(axis='y', useOffset=False)  # a +1 above the panel hides its title
        ax.legend(fontsize=8, loc='lower right', bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        mark_groups(ax, class_statistics, groups=groups)
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
