"""The sections of the report on what was learned and from what: compensation, co-occurrence, probability curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from mmlongtail.analysis.run_folder import Run

from ..class_report import draw_cooccurrence
from ..collab_figures import compensation_figure
from ..panels import NAMES_UP_TO
from ..probability_curves import curves_figure as probability_figure
from ..probability_curves import read_curves
from .drawing import draw
from .markup import Section, figure, joined, table

PAIRS = 20


def compensation(runs: Sequence[Run]) -> Section:
    """The learned mu and sigma of the logits' compensation."""
    parts = []
    for i, run in enumerate(runs):
        if run.branches:
            named = {f'branch {b}': values for b, values in enumerate(run.branches)}
            build = partial(compensation_figure, named, run.statistics, groups=run.report.groups)
            svg = draw(build, f'Learned mu and sigma of {run.name}', f'compensation{i}')
            parts.append(
                figure(svg, f'{run.name}: logits are shifted by mu and scaled by sigma, class by class.')
            )
    missing = '' if parts else 'no run learns mu and sigma of its logits (CompensatedBCELoss)'
    return Section('Learned compensation', joined(*parts), missing)


def cooccurrence(run: Run) -> Section:
    """How often classes are seen together, drawn and as numbers."""
    title, stats = 'Co-occurrence', run.statistics
    together = stats.cooccurrence
    if together is None or not np.triu(together, 1).any():
        return Section(title, missing='no training image shows several classes')
    parts = []
    if len(together) <= NAMES_UP_TO:
        svg = draw(partial(draw_cooccurrence, stats), 'Shares of images with both classes', 'together')
        parts.append(
            figure(svg, "Share of the row class's training images that also show the column's class.")
        )
    first, second = np.triu_indices(len(together), 1)
    order = np.argsort(-together[first, second], kind='stable')[:PAIRS]
    rows = []
    for i, j in zip(first[order], second[order]):
        if images := int(together[i, j]):
            shares = [f'{100 * images / stats.class_counts[k]:.1f}' for k in (i, j)]
            rows.append([f'{stats.classes[i]} + {stats.classes[j]}', images, *shares])
    header = ['pair', 'images', '% of the first', '% of the second']
    return Section(title, joined(*parts, table(header, rows, f'The {len(rows)} most frequent pairs')))


def probabilities(runs: Sequence[Run]) -> Section:
    """Mean probabilities of positives and negatives of each group over the training."""
    found = {}
    for run in runs:
        try:
            found |= {f'{run.name} {loss}'.strip(): lines for loss, lines in read_curves(run.folder).items()}
        except ValueError:
            continue
    title = 'Probability curves'
    if not found:
        return Section(title, missing='no run recorded them (LabelProbabilityHook in its default_hooks)')
    svg = draw(partial(probability_figure, found), 'Mean probabilities over the training', 'probability')
    return Section(
        title, figure(svg, 'Mean predicted probability of labels that are there (p+) and not (p-).')
    )
