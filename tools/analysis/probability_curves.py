"""Draw mean label probabilities over training (Lin, "Probability Guided Loss", 2022, Figs. 1 to 5).

    python tools/analysis/probability_curves.py work_dirs/erm work_dirs/focal --names BCE Focal --out fig1.png
    python tools/analysis/probability_curves.py work_dirs/a work_dirs/b --layout comparison --smooth 5 --out fig3.png
    python tools/analysis/probability_curves.py --layout gradients --out fig2.png

RUN is the work dir of a training with LabelProbabilityHook among its ``default_hooks``. A run that recorded several
losses (the branches of collaborative training) is drawn as that many runs.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmlongtail.apis import figure_tool
from mmlongtail.visualization import probability_curves as curves
from mmlongtail.visualization.loss_gradients import gradient_figure, losses_of_figure_2

FIGURES = dict(panels=curves.curves_figure, comparison=curves.comparison_figure, gradients=None)


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = figure_tool.make_parser(__doc__)
    parser.add_argument('runs', nargs='*', type=Path, metavar='RUN', help='work dir of a training')
    parser.add_argument('--names', nargs='+', help='of the runs (default: names of the work dirs)')
    parser.add_argument(
        '--layout',
        choices=FIGURES,
        default='panels',
        help='a panel per run (Figs. 1, 4, 5), p+ and p- with a line style per run (Fig. 3), or the gradients '
        'of BCE, NTR and focal loss on negative labels, which need no run (Fig. 2)',
    )
    parser.add_argument('--smooth', type=int, default=1, help='records over which each point is a mean')
    figure_tool.add_figure(parser, draw)
    return parser


def read_runs(work_dirs: list[Path], names: list[str] | None) -> dict[str, curves.Curves]:
    """Curves by name, one entry per recorded loss."""
    names = names or [work_dir.resolve().name for work_dir in work_dirs]
    if len(set(names)) != len(work_dirs):
        raise ValueError(f'need a name of its own for each of {len(work_dirs)} runs (--names), got {names}')
    return {
        f'{name}, loss {loss}' if loss else name: values
        for name, work_dir in zip(names, work_dirs)
        for loss, values in curves.read_curves(work_dir).items()
    }


def draw(args: argparse.Namespace):
    if args.layout == 'gradients':
        return gradient_figure(losses_of_figure_2())
    return FIGURES[args.layout](read_runs(args.runs, args.names), args.smooth)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw; ``argv`` defaults to the command line's arguments."""
    return figure_tool.run(make_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
