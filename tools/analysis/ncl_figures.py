"""Draw Figs. 2 (a), 8, 9 and 11 (a) of NCL++ (Tan et al., 2023) from checkpoints: what collaborative learning changes.

    python tools/analysis/ncl_figures.py kl CE=ce.py:ce_0.pth,ce.py:ce_1.pth NCL++=ncl.py:ncl.pth --out kl.png
    python tools/analysis/ncl_figures.py negatives BSCE=bsce.py:bsce.pth NCL++=ncl.py:ncl.pth --out negatives.png
    python tools/analysis/ncl_figures.py accuracy CE=ce.py:ce.pth NCL++=ncl.py:ncl.pth --out accuracy.png

Each NAME is one model, of one expert or several, or several models that were trained independently, with commas between
them: 'before and after collaborative learning' are two names. ``kl`` is the KL divergence of each class between experts
and between augmented copies of an image, on the whole test set in the config's own augmentation; its means are printed.
``negatives`` and ``accuracy`` are of the test set and of each expert alone, their mean, unless --ensemble is given.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
from mmengine.config import DictAction
from mmengine.device import get_device
from mmengine.runner import set_random_seed

from mmlongtail.analysis.peers import Peers, class_divergences, load_peers, score_test_set
from mmlongtail.analysis.trained_models import config_groups
from mmlongtail.apis import figure_tool
from mmlongtail.structures import ClassGroups, ClassStatistics
from mmlongtail.visualization import classifier_figures, peer_figures


def make_parser() -> argparse.ArgumentParser:
    """The options of each figure."""
    parser = figure_tool.make_parser(__doc__)
    figure = parser.add_subparsers(required=True, metavar='FIGURE')
    kl = figure.add_parser('kl', help='Figs. 2, 9: KL divergence of each class between experts and copies')
    kl.add_argument('--part', choices=['train', 'test'], default='test', help='which images, augmented')
    kl.add_argument('--copies', type=int, default=4, help='augmented copies of each image')
    kl.add_argument('--per-class', type=int, help='images of a class at most (default: all)')
    kl.add_argument('--balanced', action='store_true', help='probabilities as in the losses, eq. (2)')
    kl.add_argument('--seed', type=int, default=0, help='of the choice of images and of augmentation')
    negatives = figure.add_parser('negatives', help="Fig. 11 (a): the hardest negative's probability")
    accuracy = figure.add_parser('accuracy', help='Fig. 8: accuracy of each class')
    for sub in (negatives, accuracy):
        sub.add_argument('--ensemble', action='store_true', help="the mean of the experts' logits")
    for sub, draw in ((kl, draw_kl), (negatives, draw_negatives), (accuracy, draw_accuracy)):
        figure_tool.add_figure(sub, draw)
        sub.add_argument('runs', nargs='+', metavar='NAME=CONFIG:CHECKPOINT[,CONFIG:CHECKPOINT...]')
        sub.add_argument('--device', default=get_device())
        sub.add_argument('--workers', type=int, default=0, help='processes that load images')
        sub.add_argument(
            '--cfg-options', nargs='+', action=DictAction, help='settings to override, as key=value'
        )
    return parser


def draw_kl(args: argparse.Namespace):
    def measure(peers: Peers) -> dict[str, np.ndarray]:
        set_random_seed(args.seed)  # runs of equal augmentation and num_views get equal copies
        return class_divergences(peers, args.part, args.copies, args.per_class, args.seed, args.balanced)

    runs, statistics, groups = measured(args, measure)
    figure = peer_figures.divergence_figure(runs, statistics, groups=groups)
    print(peer_figures.divergence_table(runs, statistics, groups=groups))
    return figure


def draw_negatives(args: argparse.Namespace):
    scores, *_ = measured(args, lambda peers: score_test_set(peers, args.ensemble))
    return peer_figures.hardest_negative_figure(
        {name: values['hardest_negative'] for name, values in scores.items()}
    )


def draw_accuracy(args: argparse.Namespace):
    scores, statistics, groups = measured(args, lambda peers: score_test_set(peers, args.ensemble))
    runs = {name: values['accuracy'] for name, values in scores.items()}
    return classifier_figures.score_figure(runs, statistics, groups=groups)


def measured(
    args: argparse.Namespace, measure: Callable[[Peers], dict]
) -> tuple[dict, ClassStatistics, ClassGroups]:
    """What is measured of each run, by its name; class statistics and groups, which are those of the first."""
    runs, first = {}, None
    for name, files in read_runs(args.runs).items():
        peers = load_peers(files, args.cfg_options, args.device, args.workers)
        first = first or peers
        if not np.array_equal(peers.statistics.class_counts, first.statistics.class_counts):
            raise ValueError(f'{name} and {next(iter(runs))} differ in class_counts: nothing to compare')
        runs[name] = measure(peers)
    return runs, first.statistics, config_groups(first.cfg)


def read_runs(arguments: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Config and checkpoint of each model of each run, by its name."""
    runs: dict[str, list[tuple[str, str]]] = {}
    for argument in arguments:
        name, _, models = argument.partition('=')
        files = [tuple(model.split(':')) for model in models.split(',')]
        if not name or name in runs or any(len(pair) != 2 or not all(pair) for pair in files):
            raise ValueError(
                f'{argument!r}: expected NAME=CONFIG:CHECKPOINT, or several CONFIG:CHECKPOINT with commas between '
                'them, and a name of its own for each run'
            )
        runs[name] = files
    return runs


def main(argv: Sequence[str] | None = None) -> int:
    """Draw; ``argv`` defaults to the command line's arguments."""
    return figure_tool.run(make_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
