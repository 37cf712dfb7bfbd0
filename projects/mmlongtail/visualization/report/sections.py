"""The sections of the report that a run's folder alone tells: results, settings, curves, classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from mmlongtail.analysis.run_folder import Run

from ..collab_figures import increment_figure
from ..panels import head_to_tail
from .drawing import draw
from .figures import class_score_figure, curves_figure
from .markup import Markup, Section, element, figure, gain, joined, number, table

FOLDED_FROM = 100  # rows of a table that is folded up


def results(runs: Sequence[Run], baseline: Run | None) -> Section:
    """Mean score of all classes and of each group, with increments over the baseline."""
    first, title = runs[0], 'Results'
    columns = ['total', *first.report.groups.names]
    if not any(run.means for run in runs):
        return Section(title, missing='no run has an evaluation, and no scores were computed')
    rows, base = [], baseline.means if baseline else {}
    for run in [*([baseline] if baseline else []), *runs]:
        cells = []
        for name in columns:
            value = run.means.get(name)
            known = run is not baseline and name in base and value is not None
            more = [Markup(' '), gain(value - base[name], 2)] if known else []
            cells.append(Markup(''.join([number(value, 2), *more])))
        rows.append([run.name + (' (baseline)' if run is baseline else ''), *cells])
    sizes = {name: len(members) for name, members in first.report.members.items()}
    words = (
        'mAP'
        if first.report.mean_score == 'mAP'
        else 'top-1 of all images, mean accuracy of the classes of each group'
    )
    header = ['run', *(f'{name} ({sizes[name]} classes)' for name in columns if name in sizes)]
    rows = [[row[0], *(cell for name, cell in zip(columns, row[1:]) if name in sizes)] for row in rows]
    return Section(title, table(header, rows, f'{words}, last evaluation, in percent'))


def settings(runs: Sequence[Run]) -> Section:
    """Seed, commit, versions and data, and the config as trained."""
    names = list(dict.fromkeys(name for run in runs for name in run.facts))
    facts = table(
        ['', *(run.name for run in runs)],
        [
            ['checkpoint', *(run.checkpoint.name for run in runs)],
            ['training images', *(run.statistics.num_images for run in runs)],
            ['classes', *(len(run.statistics.class_counts) for run in runs)],
            ['images of a class', *(spread(run) for run in runs)],
            *([name, *(run.facts.get(name, '–') for run in runs)] for name in names),
        ],
        text=True,
    )
    configs = [
        element(
            'details',
            element('summary', f'Config as trained: {run.name}'),
            element('pre', run.cfg.pretty_text),
        )
        for run in runs
    ]
    return Section('Settings', joined(facts, *configs))


def spread(run: Run) -> str:
    """Images of the most and the least frequent class."""
    counts = np.asarray(run.statistics.class_counts)
    return f'{counts.max()} to {counts.min()}'


def curves(runs: Sequence[Run]) -> Section:
    """Loss over the iterations, mean score over the evaluations."""
    losses = {
        r.name: ([t['step'] for t in r.training], [t['loss'] for t in r.training]) for r in runs if r.training
    }
    total = 'mAP' if runs[0].report.mean_score == 'mAP' else 'top1'
    scores = {
        r.name: (
            [e['step'] for e in r.evaluations if total in e],
            [e[total] for e in r.evaluations if total in e],
        )
        for r in runs
        if any(total in e for e in r.evaluations)
    }
    parts = []
    if losses:
        svg = draw(partial(curves_figure, losses, 'loss', 'iteration'), 'Loss over the iterations', 'loss')
        parts.append(figure(svg, 'Training loss, as the log smooths it.'))
    if any(len(steps) > 1 for steps, _ in scores.values()):
        build = partial(curves_figure, scores, f'{total} (%)', 'evaluation after epoch or iteration')
        caption = f'{total} of the validation data.'
        parts.append(figure(draw(build, f'{total} over the training', 'score'), caption))
    missing = '' if parts else 'the runs have no records in vis_data/scalars.json'
    return Section('Curves', joined(*parts), missing)


def classes(runs: Sequence[Run], baseline: Run | None) -> Section:
    """Score of each class by its frequency, with increments over the baseline."""
    measure = runs[0].report.score
    title = f'{measure[0].upper()}{measure[1:]} of each class'
    both = [*([baseline] if baseline else []), *runs]
    known = [run for run in both if run.source]
    if not known:
        return Section(
            title,
            missing='no run wrote per-class scores (dump_per_class=True of its metric), and none were computed',
        )
    first, stats = known[0], known[0].statistics
    scores = {run.name: run.report.per_class for run in known}
    build = partial(class_score_figure, scores, stats, measure, groups=first.report.groups)
    parts = [figure(draw(build, f'{measure} of each class', 'classes'), 'Classes from head to tail.')]
    others = {run.name: run.report.per_class for run in runs if run.source}
    if baseline and baseline.source and others:
        build = partial(
            increment_figure,
            baseline.report.per_class,
            others,
            stats,
            baseline.name,
            score=measure,
            groups=first.report.groups,
        )
        parts.append(
            figure(draw(build, 'Increments of each class', 'gain'), f'Increments over {baseline.name}.')
        )
    parts.append(class_table(known, baseline))
    parts += [element('p', f'{run.name}: from {run.source}.', class_='note') for run in known]
    return Section(title, joined(*parts))


def class_table(runs: Sequence[Run], baseline: Run | None) -> Markup:
    """A row per class, from head to tail."""
    report = runs[0].report
    base = baseline.report.per_class if baseline and baseline.source else None
    header = ['class', 'group', 'train images']
    for run in runs:
        header += [f'{run.name} (%)'] + ['increment'] * (base is not None and run is not baseline)
    group_of, rows = report.groups.assign(report.class_counts), []
    for k in head_to_tail(report.class_counts):
        row = [report.classes[k], report.groups.names[group_of[k]], report.class_counts[k]]
        for run in runs:
            value = run.report.per_class[k]
            row.append(number(value, 2))
            if base is not None and run is not baseline:
                row.append(gain(value - base[k], 2))
        rows.append(row)
    return folded(table(header, rows, f'{report.score} in percent'), len(rows))


def folded(content: Markup, rows: int) -> Markup:
    """Folded up where it is long."""
    if rows < FOLDED_FROM:
        return content
    return element('details', element('summary', f'Table of all {rows} classes'), content)
