"""The sections of the report that need the scores of every image: calibration, confident errors, confusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from mmlongtail.analysis.mistakes import Mistake, Scored, confident_errors, group_calibration, worst_pairs
from mmlongtail.analysis.run_folder import Run

from .drawing import draw
from .figures import reliability_figure
from .markup import Markup, Section, element, figure, joined, number, picture, table

ERRORS = 12  # of a kind
PAIRS = 20

# a run, its scores, and a function that gives the JPEG of an image by its number
Evidence = tuple[Run, Scored, Callable[[int], bytes]]


def group_of(run: Run) -> np.ndarray:
    """Index of each class's group, (K,)."""
    return run.report.groups.assign(run.report.class_counts)


def calibration(found: Mapping[str, Evidence]) -> Section:
    """Calibration of each group, in numbers and drawn."""
    parts = {
        name: group_calibration(scored, group_of(run), run.report.groups.names)
        for name, (run, scored, _) in found.items()
    }
    rows = [
        [f'{name}: {g.name}', g.decisions, *(number(100 * v, 2) for v in (g.confidence, g.share, g.error))]
        for name, groups in parts.items()
        for g in groups
    ]
    several = any(scored.multi_label for _, scored, _ in found.values())
    what = 'of each image and class' if several else 'of each image, in the group of its true class'
    header = ['run and group', 'decisions', 'mean score (%)', 'right (%)', 'calibration error (%)']
    caption = f'Decisions are {what}. The error is the expected one over 10 bins of equal width.'
    svg = draw(partial(reliability_figure, parts), 'Share that is right over the mean score', 'reliability')
    drawn = figure(svg, 'On the dashed line a score is the share of decisions that are right.')
    return Section('Calibration of each group', joined(drawn, table(header, rows, caption)))


def errors(found: Mapping[str, Evidence]) -> Section:
    """The wrong decisions that each model is surest of, with their images."""
    parts = []
    for name, (run, scored, jpeg) in found.items():
        for kind, mistakes in confident_errors(scored, ERRORS).items():
            parts.append(element('h3', f'{name}: {kind}'))
            listed = element('ul', *(shown(m, run, scored, jpeg) for m in mistakes), class_='pictures')
            parts.append(listed if mistakes else element('p', 'None.'))
    return Section('Most confident errors', joined(*parts))


def shown(mistake: Mistake, run: Run, scored: Scored, jpeg: Callable[[int], bytes]) -> Markup:
    """An image, what the model says of it and what is true."""
    names = run.report.classes
    true = ', '.join(names[k] for k in scored.targets[mistake.image].nonzero()[0]) or 'nothing'
    words = f'{names[mistake.label]} {mistake.score:.3f}, shows {true}'
    lines = [
        element('b', names[mistake.label]),
        f' {mistake.score:.3f}',
        Markup('<br>'),
        f'shows {true}',
        Markup('<br>'),
        element('span', scored.name(mistake.image), class_='note'),
    ]
    return element('li', picture(jpeg(mistake.image), words), Markup('<br>'), *lines)


def confusion(found: Mapping[str, Evidence]) -> Section:
    """The pairs of classes that are confused most often, where an image has one label."""
    title, parts = 'Confusion', []
    for name, (run, scored, _) in found.items():
        if scored.multi_label:
            return Section(
                title, missing='an image has several labels: none is predicted in place of another'
            )
        names, groups = run.report.classes, [run.report.groups.names[g] for g in group_of(run)]
        rows = [
            [
                f'{names[own]} ({groups[own]})',
                f'{names[other]} ({groups[other]})',
                images,
                of,
                number(100 * images / of),
            ]
            for own, other, images, of in worst_pairs(scored, PAIRS)
        ]
        header = ['true class', 'predicted class', 'images', 'of', '% of the true class']
        parts.append(table(header, rows, f'{name}: the {len(rows)} pairs with most images'))
    return Section(title, joined(*parts))
