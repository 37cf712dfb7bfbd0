"""Draw the figures of the collaborative paper (Guo & Wang, CVPR 2021) from one's own runs.

    python tools/analysis/collab_figures.py increment uniform.json re-balanced.json two_branches.json -o fig3.png
    python tools/analysis/collab_figures.py compensation work_dirs/voc_lt/epoch_8.pth -o fig4.png
    python tools/analysis/collab_figures.py cooccurrence work_dirs/voc_lt/epoch_8.pth -o fig5.png
    python tools/analysis/collab_figures.py lambda configs/collab/results.csv -o fig6.png \\
        --dataset VOC-LT --also collaborative=0.1

The JSON files are what ``LongTailMultiLabelMetric`` writes with ``dump_per_class``; the first is the zero line.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmlongtail.analysis import sources
from mmlongtail.analysis.results import by_method, read_rows, select
from mmlongtail.apis import figure_tool
from mmlongtail.visualization import collab_figures as figures


def make_parser() -> argparse.ArgumentParser:
    """The options of each figure."""
    parser = figure_tool.make_parser(__doc__)
    figure = parser.add_subparsers(required=True, metavar='FIGURE')
    increment = figure.add_parser('increment', help='Fig. 3, from per-class AP files')
    increment.add_argument('files', nargs='+', type=Path, help='the baseline first')
    increment.add_argument(
        '--names',
        nargs='+',
        help='of the methods, for the titles (default: what tells the files apart)',
    )
    compensation = figure.add_parser('compensation', help='Fig. 4, from a checkpoint')
    compensation.add_argument('checkpoint', type=Path)
    compensation.add_argument('--names', nargs='+', help='of the branches, for the titles')
    cooccurrence = figure.add_parser('cooccurrence', help='Fig. 5, from a checkpoint')
    cooccurrence.add_argument('checkpoint', type=Path)
    weight = figure.add_parser('lambda', help='Fig. 6, from a results CSV')
    weight.add_argument('csv', type=Path)
    weight.add_argument('--dataset', required=True, help='value of the column of that name')
    weight.add_argument(
        '--where', nargs='*', default=[], metavar='COLUMN=VALUE', help='further choice of runs'
    )
    weight.add_argument(
        '--also', nargs='*', default=[], metavar='METHOD=LAMBDA', help='methods not named by it'
    )
    figure_tool.add_figure(increment, draw_increment)
    figure_tool.add_figure(compensation, draw_compensation)
    figure_tool.add_figure(cooccurrence, draw_cooccurrence)
    figure_tool.add_figure(weight, draw_weight)
    return parser


def draw_increment(args: argparse.Namespace):
    names = args.names or sources.names_of(args.files)
    if len(args.files) < 2:
        raise ValueError(f'need a baseline and something to compare, got {args.files[0]} alone')
    if len(set(names)) != len(names) or len(names) != len(args.files):
        raise ValueError(
            f'need a name of its own for each of {len(args.files)} files by --names: got {", ".join(names)}'
        )
    statistics, (baseline, *others) = sources.read_per_class(args.files)
    return figures.increment_figure(baseline, dict(zip(names[1:], others)), statistics, names[0])


def draw_compensation(args: argparse.Namespace):
    statistics, branches = sources.read_checkpoint(args.checkpoint)
    if not branches:
        raise ValueError(f'{args.checkpoint} has no compensation: was it trained with CompensatedBCELoss?')
    names = args.names or [f'branch {i}' for i in range(len(branches))]
    if len(set(names)) != len(branches):
        raise ValueError(f'{args.checkpoint} has {len(branches)} branches, but --names is {names}')
    return figures.compensation_figure(dict(zip(names, branches)), statistics)


def draw_cooccurrence(args: argparse.Namespace):
    return figures.cooccurrence_figure(sources.read_checkpoint(args.checkpoint)[0])


def draw_weight(args: argparse.Namespace):
    where = dict(word.split('=', 1) for word in args.where)
    others = {name: float(value) for name, value in (word.rsplit('=', 1) for word in args.also)}
    rows = select(read_rows(args.csv), dataset=args.dataset, **where)
    by_method(rows)  # refuses to mix settings
    return figures.weight_figure(sources.totals_by_weight(rows, others), args.dataset)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw; ``argv`` defaults to the command line's arguments."""
    return figure_tool.run(make_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
