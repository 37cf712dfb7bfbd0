"""Print a set's class counts, groups and co-occurrence, and draw them.

    mmlongtail stats CONFIG --out-dir work_dirs/statistics
    mmlongtail stats labels.csv --pictures data/pictures
    mmlongtail stats data/pictures    # a folder for each class, or a VOC devkit

With ``--out-dir``, class_counts.png, cooccurrence.png and cooccurrence.csv are written there.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction

from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.building import build_dataset
from mmlongtail.datasets.text_file import naming
from mmlongtail.structures import ClassGroups, ClassStatistics
from mmlongtail.visualization.class_report import class_table, draw_class_counts, draw_cooccurrence


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'source',
        help='config (.py), list file (.csv, .txt), COCO-style JSON, folder of a folder per class or VOC devkit',
    )
    parser.add_argument(
        '--part', choices=['train', 'val', 'test'], default='train', help='which set of a config'
    )
    parser.add_argument(
        '--pictures',
        default='',
        help='folder that the paths in a list or JSON are relative to (that of the file)',
    )
    parser.add_argument('--classes', help='file with one class name a line, for a list file of indices')
    parser.add_argument('--edges', type=int, nargs=2, default=(20, 100), help='edges of the groups (20 100)')
    parser.add_argument('--out-dir', type=Path, help='folder for the drawings')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings of the config to override'
    )
    return parser


def show(args: argparse.Namespace) -> None:
    """Print the table; write the drawings where a folder is named."""
    dataset = build_dataset(args.source, args.part, args.pictures, args.classes, args.cfg_options)
    statistics, groups = ClassStatistics.from_dataset(dataset), ClassGroups(edges=args.edges)
    print(class_table(statistics, groups))
    if args.out_dir is None:
        return
    with naming(args.out_dir):
        write_drawings(statistics, groups, args.out_dir)


def write_drawings(statistics: ClassStatistics, groups: ClassGroups, folder: Path) -> None:
    """Write the drawings and the numbers of the co-occurrence."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_class_counts(statistics, groups).savefig(folder / 'class_counts.png', dpi=150)
    draw_cooccurrence(statistics).savefig(folder / 'cooccurrence.png', dpi=150)
    with (folder / 'cooccurrence.csv').open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['class', *statistics.classes])
        counts = statistics.cooccurrence.tolist()  # type: ignore[union-attr]  # the drawing needs it, too
        writer.writerows([name, *row] for name, row in zip(statistics.classes, counts))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: show(args))
