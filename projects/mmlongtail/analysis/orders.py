"""Whether a paper's order of methods holds in measured results, step by step, paired over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from scipy.stats import ttest_rel

LEVEL = 0.05  # of significance
HEADER = ('step', 'seeds', 'difference', 'higher', 'p', 'the order')


def order_table(methods: Mapping[str, Sequence[Mapping[str, str]]], order: str, score: str) -> str:
    """One line per step of an order: the mean ± standard deviation of its differences on the seeds that both have.

    A step *holds* or *fails* where a two-sided paired t-test gives less than 0.05, else it is *within the spread*;
    with a single seed nothing is said.

    Args:
        methods: The runs of each method, as :func:`.results.by_method` gives them.
        order: Names of methods from low to high, such as ``'ERM < RS < DB Focal'``.
        score: Column that is compared.

    Raises:
        ValueError: If a method has no run, or two neighbors have no seed in common.
    """
    names = [name.strip() for name in order.split(' < ')]
    missing = [name for name in names if name not in methods]
    if missing:
        raise ValueError(
            f'the order {order!r} has no run of {", ".join(missing)}, only of {", ".join(methods)}'
        )
    lines = [HEADER, ('---', *['---:'] * (len(HEADER) - 2), '---')]
    lines += [_step(*pair, methods, score) for pair in zip(names, names[1:])]
    if len(names) > 2:
        lines.append(_step(names[0], names[-1], methods, score))
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def _step(low: str, high: str, methods: Mapping[str, Sequence], score: str) -> tuple[str, ...]:
    below, above = ({run['seed']: float(run[score]) for run in methods[name]} for name in (low, high))
    seeds = sorted(below.keys() & above.keys())
    if not seeds:
        raise ValueError(f'{low} and {high} have no seed in common: {sorted(below)} and {sorted(above)}')
    gains = [above[seed] - below[seed] for seed in seeds]
    name, mean = f'{low} < {high}', statistics.fmean(gains)
    higher = f'{sum(gain > 0 for gain in gains)} of {len(gains)}'
    if len(seeds) == 1:
        return name, '1', f'{mean:+.2f}', higher, '–', 'one seed'
    p = float(ttest_rel([above[seed] for seed in seeds], [below[seed] for seed in seeds]).pvalue)
    found = 'within the spread' if not p < LEVEL else 'holds' if mean > 0 else '**fails**'
    difference = f'{mean:+.2f} ± {statistics.stdev(gains):.2f}'
    return name, str(len(seeds)), difference, higher, f'{p:.3f}' if p >= 5e-4 else '< 0.001', found
