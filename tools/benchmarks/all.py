"""Runs the benchmarks one after the other and prints one table: figure, limit, command.

    python tools/benchmarks/all.py                                      # what needs no data, on a CPU
    python tools/benchmarks/all.py metric_speed sampler_speed           # some of them
    python tools/benchmarks/all.py --data-root data/VOCdevkit --out bench.md

Each benchmark compares its ways side by side; this reads their ratios from what they print. A figure beyond its limit
is marked. ``frozen_trunk.py`` and ``export_speed.py``, which need a network or a checkpoint, are run by themselves.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Figure:
    """A number in what a benchmark prints, and what it is compared with.

    Args:
        what: Its name in the table.
        pattern: Finds it, as the first group.
        at_least: Limit from below; None for none.
        at_most: Limit from above; None for none.
    """

    what: str
    pattern: str
    at_least: float | None = None
    at_most: float | None = None

    def row(self, text: str, command: str) -> str:
        """A line of the table."""
        found = re.search(self.pattern, text, re.MULTILINE)
        if found is None:
            return f'| {self.what} | not found | | `{command}` |'
        value = float(found[1].replace(',', ''))
        limits = [f'{word} {n}' for word, n in (('≥', self.at_least), ('≤', self.at_most)) if n is not None]
        low = self.at_least is not None and value < self.at_least
        high = self.at_most is not None and value > self.at_most
        return f'| {self.what} | {value:g} | {" ".join(limits)}{" missed" if low or high else ""} | `{command}` |'


BENCHMARKS: dict[str, tuple[list[str], list[Figure]]] = {
    'picture_pipeline': (
        [],
        [
            Figure('224 px training over decode and resize', r'^training +[\d,]+ +([\d.]+)', at_least=0.8),
            Figure('the same, cached images', r'^training, cached +[\d,]+ +([\d.]+)'),
            Figure('cached load over decode', r'^load, cached +[\d,]+ +[\d.]+ +([\d.]+)', at_least=2),
        ],
    ),
    'input_pipeline': ([], [Figure('32 px, batched over per image', r'^crop \+ flip  .* ([\d.]+) times')]),
    'metric_speed': (
        ['--sizes', '5000x80', '--rounds', '5'],
        [Figure('scikit-learn over AP, 5,000 x 80', r'scikit-learn +[\d.]+ +([\d.]+)x', at_least=5)],
    ),
    'sampler_speed': (
        ['--images', '10000000', '--classes', '10000', '--rounds', '1'],
        [
            Figure('ClassAwareSampler, 1e7 x 1e4, s', r'^ClassAwareSampler +\d+ +([\d.]+)', at_most=3),
            Figure('the same, MB', r'^ClassAwareSampler .* (\d+)$', at_most=500),
        ],
    ),
    'loss_speed': (
        ['--rounds', '20'],
        [
            Figure('LDAMLoss over CE, 256 x 1,000', r'^  LDAMLoss  .* ([\d.]+)$'),
            Figure(
                'DistributionBalancedLoss over BCE, 64 x 80', r'^  DistributionBalancedLoss  .* ([\d.]+)$'
            ),
        ],
    ),
    'collaborative_step': (
        [],
        [
            Figure(
                'collaborative step over its parts', r'^collaborative / .*? ([\d.]+) +target', at_most=1.05
            ),
            Figure('four forwards over it', r'^four forwards / .*? ([\d.]+) +target', at_least=1.4),
        ],
    ),
    'label_probability_hook': ([], []),
    'step_overhead': (
        [],
        [
            Figure('Runner over a bare step, ResNet-32', r'_ce +[\d.]+ +([\d.]+) +[\d.]+$', at_most=1.05),
            Figure('bare step over its floor', r'_ce +[\d.]+ +[\d.]+ +([\d.]+)$', at_most=1.10),
        ],
    ),
    'growth': ([], []),
}


def run(name: str, options: list[str]) -> tuple[str, str]:
    """The command, and what it prints."""
    command = ['python', f'tools/benchmarks/{name}.py', *options]
    environment = {'OMP_NUM_THREADS': '1', **os.environ}
    done = subprocess.run(
        [sys.executable, str(FOLDER / f'{name}.py'), *options],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
    )
    if done.returncode:
        raise SystemExit(f'{" ".join(command)} ended with status {done.returncode}')
    return ' '.join(command), done.stdout


def main(argv: list[str] | None = None) -> None:
    """Run them and print the table; ``argv`` defaults to the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('names', nargs='*', metavar='BENCHMARK', help=', '.join(BENCHMARKS))
    parser.add_argument('--data-root', help='VOCdevkit folder for picture_pipeline')
    parser.add_argument('--out', type=Path, help='Markdown file for the table')
    args = parser.parse_args(argv)
    if unknown := [name for name in args.names if name not in BENCHMARKS]:
        parser.error(f'{unknown[0]}: expected one of {", ".join(BENCHMARKS)}')
    rows = ['| what | measured | limit | command |', '|---|---:|---|---|']
    for name in args.names or BENCHMARKS:
        options, figures = BENCHMARKS[name]
        if name == 'picture_pipeline' and args.data_root:
            options = [*options, '--data-root', args.data_root]
        command, text = run(name, options)
        print(f'$ {command}\n{text}', flush=True)
        rows += [figure.row(text, command) for figure in figures]
    print('\n'.join(rows))
    if args.out:
        args.out.write_text('\n'.join(rows) + '\n')


if __name__ == '__main__':
    main()
