"""Figures 1, 3, 4 and 5 of the probability guided loss (Lin, 2022), from the records of LabelProbabilityHook."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmlongtail.structures import MULTI_LABEL

COLORS = dict(zip(MULTI_LABEL.names, ('tab:red', 'tab:green', 'tab:blue')))
SIGNS = dict(pos=('$p^+$', '-'), neg=('$p^-$', ':'))
RUN_STYLES = ('-', '--', ':', '-.')
COLUMNS = 4
RECORD = re.compile(r'(?:train/)?p_(pos|neg)_(head|medium|tail)(?:_(\d+))?')

# (sign, group): iterations and mean probabilities, (R,) each
Curves = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]


def read_curves(work_dir: str | Path) -> dict[str, Curves]:
    """The curves of each loss that was recorded, by its index; '' where there is one alone.

    A run that was resumed has several ``scalars.json``: a later one replaces the former from its first record on.

    Raises:
        ValueError: If there are no records.
    """
    records: dict[int, dict] = {}
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        later = _read_records(path)
        records = {step: values for step, values in records.items() if step < min(later, default=np.inf)}
        records.update(later)
    if not records:
        raise ValueError(
            f'{work_dir} has no records of label probabilities in */vis_data/scalars.json: add '
            "label_probability=dict(type='LabelProbabilityHook') to the default_hooks of its config and train"
        )
    losses: dict[str, Curves] = {}
    for loss, sign, group in sorted({key for values in records.values() for key in values}):
        known = [step for step in sorted(records) if (loss, sign, group) in records[step]]
        values = [records[step][loss, sign, group] for step in known]
        losses.setdefault(loss, {})[sign, group] = np.array(known), np.array(values)
    return losses


def curves_figure(runs: Mapping[str, Curves], smooth: int = 1) -> Figure:
    """Figs. 1, 4 and 5: a panel per run with p+ and p- of head, medium and tail classes.

    Args:
        runs: Curves of each run, by its name.
        smooth: Records over which each point is a mean, the last one being its own.

    Raises:
        ValueError: If there is no run, or ``smooth`` is below 1.
    """
    columns = min(len(runs), COLUMNS)
    figure, axes = _panels(len(runs), columns)
    for ax, (name, curves) in zip(axes, runs.items()):
        ax.set_title(name, loc='left', fontsize=10)
        for sign, (_, style) in SIGNS.items():
            _draw(ax, curves, sign, style, smooth)
    entries = [
        Line2D([], [], color=color, linestyle=style, label=f'{group} {symbol}')
        for group, color in COLORS.items()
        for symbol, style in SIGNS.values()
    ]
    figure.legend(
        handles=entries, loc='outside lower center', ncols=3 if columns < 3 else 6, fontsize=8, frameon=False
    )
    return figure


def comparison_figure(runs: Mapping[str, Curves], smooth: int = 1) -> Figure:
    """Fig. 3: p+ and p- in a panel each, a line style per run.

    Args:
        runs: Curves of each run, by its name.
        smooth: As in :func:`curves_figure`.

    Raises:
        ValueError: If there is no run, there are more than line styles, or ``smooth`` is below 1.
    """
    if not 1 <= len(runs) <= len(RUN_STYLES):
        raise ValueError(
            f'a comparison has line styles for 1 to {len(RUN_STYLES)} runs, got {len(runs)}: {list(runs)}'
        )
    figure, axes = _panels(2, 2)
    for ax, (sign, (symbol, _)) in zip(axes, SIGNS.items()):
        ax.set_title(symbol, loc='left', fontsize=10)
        for curves, style in zip(runs.values(), RUN_STYLES):
            _draw(ax, curves, sign, style, smooth)
    entries = [Line2D([], [], color=color, label=group) for group, color in COLORS.items()]
    entries += [Line2D([], [], color='black', linestyle=s, label=n) for n, s in zip(runs, RUN_STYLES)]
    figure.legend(handles=entries, loc='outside lower center', ncols=len(entries), fontsize=8, frameon=False)
    return figure


def _read_records(path: Path) -> dict[int, dict[tuple[str, str, str], float]]:
    """By iteration the values of (loss, sign, group)."""
    records = {}
    for line in map(json.loads, path.read_text().splitlines()):
        found = {RECORD.fullmatch(key): value for key, value in line.items()}
        values = {(key[3] or '', key[1], key[2]): value for key, value in found.items() if key}
        if values:
            records[line['step']] = values
    return records


def _panels(number: int, columns: int) -> tuple[Figure, list[Axes]]:
    """Panels side by side on common axes, at most ``columns`` of them in a row."""
    if not number:
        raise ValueError('runs is empty, expected at least one run to draw')
    rows = -(-number // columns)
    figure = Figure(figsize=(3.2 * columns + 0.6, 2.6 * rows + 0.6), layout='constrained')
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for ax in axes[number:]:
        ax.remove()
    for ax in axes[:number]:
        ax.set(xlabel='iteration', ylim=(0, 1))
        ax.grid(alpha=0.3)
    for ax in axes[:number:columns]:
        ax.set_ylabel('mean probability')
    return figure, list(axes[:number])


def _draw(ax: Axes, curves: Curves, sign: str, style: str, smooth: int) -> None:
    for group, color in COLORS.items():
        if (sign, group) in curves:
            steps, values = curves[sign, group]
            ax.plot(steps, _smoothed(values, smooth), color=color, linestyle=style, linewidth=1.2)


def _smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of each value and those before it, ``window`` in all, fewer at the start; (R,)."""
    if window < 1:
        raise ValueError(f'smooth must be a number of records >= 1, got {window}')
    return np.array([values[max(end - window, 0) : end].mean() for end in range(1, len(values) + 1)])
