"""Compare the training and the test set of a single-label config with the published numbers of the benchmark.

    python tools/data/check_counts.py CONFIG --cfg-options train_dataloader.dataset.data_root=/path/to/data

Compared are images, classes and the size of the largest and the smallest class. Exit status: 0 as published, 1 numbers
differ, 2 it failed.
"""

import argparse
import sys
from collections.abc import Sequence

from mmengine.config import DictAction

from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.building import build_dataset
from mmlongtail.datasets.wrappers import innermost, unwrap
from mmlongtail.structures import ClassStatistics


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config (.py) of a single-label benchmark')
    parser.add_argument(
        '--parts',
        nargs='+',
        choices=['train', 'val', 'test'],
        default=['train', 'test'],
        help='sets of the config to check (train test)',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings of the config to override'
    )
    return parser


def benchmark_inside(dataset):
    """The benchmark's own data set inside its wrappers.

    Raises:
        ValueError: If nothing is published of it.
    """
    known = (inner for inner in unwrap(dataset) if getattr(inner, 'expected', None) is not None)
    inner = next(known, None)
    if inner is None:
        raise ValueError(
            f'nothing is published of {type(innermost(dataset)).__name__} with these settings: a benchmark like '
            'CIFAR100LT or ImageNetLT is expected'
        )
    return inner


def check(args: argparse.Namespace) -> bool:
    """Print a report for each part; return whether all numbers are the published ones."""
    all_equal = True
    for part in args.parts:
        dataset = benchmark_inside(build_dataset(args.config, part, cfg_options=args.cfg_options))
        report, equal = dataset.expected.compare(ClassStatistics.from_dataset(dataset))
        print(f'{type(dataset).__name__}, {part}:\n{report}')
        all_equal &= equal
    print('all as published' if all_equal else 'some numbers DIFFER from the published ones')
    return all_equal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: check(args))


if __name__ == '__main__':
    sys.exit(main())
