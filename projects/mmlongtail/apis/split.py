"""Make a long-tailed part of a multi-label set: whole images, class counts after a Pareto distribution, seeded.

    mmlongtail split CONFIG --out data/my_lt.csv --min-count 5
    mmlongtail split labels.csv --pictures data/pictures --out data/my_lt.csv

The result is a list file for ListFileDataset; the tool prints the lines of a config that read it.
"""

import argparse
import csv
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import DictAction

from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.building import build_dataset
from mmlongtail.datasets.long_tail_split import choose_images, long_tail_targets
from mmlongtail.datasets.text_file import naming
from mmlongtail.structures import MULTI_LABEL, ClassStatistics, image_labels


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'source',
        help='the whole set: config (.py), list file (.csv, .txt), COCO-style JSON, folder per class or VOC devkit',
    )
    parser.add_argument('--out', type=Path, required=True, help='list file to write (.csv)')
    parser.add_argument(
        '--part', choices=['train', 'val', 'test'], default='train', help='which set of a config'
    )
    parser.add_argument(
        '--pictures',
        default='',
        help='folder that the paths in a list or JSON are relative to (that of the file)',
    )
    parser.add_argument('--classes', help='file with one class name a line, for a list file of indices')
    parser.add_argument('--max-count', type=int, help='images of the largest class (as many as it has)')
    parser.add_argument('--min-count', type=int, default=5, help='images of the smallest class (%(default)s)')
    parser.add_argument(
        '--power', type=float, default=6, help='power of the Pareto distribution (%(default)s)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the choice of images (%(default)s)')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings of the config to override'
    )
    return parser


def write_list(path: Path, dataset, kept: np.ndarray) -> str:
    """Write the kept images, a 0/1 column per class; return the folder that their paths are relative to."""
    infos = [dataset.get_data_info(int(i)) for i in kept]
    if not all('img_path' in info for info in infos):
        raise ValueError(f'{type(dataset).__name__} has no image files, so no list of them can be written')
    classes = dataset.metainfo['classes']
    root = os.path.commonpath([os.path.dirname(info['img_path']) for info in infos]) if infos else ''
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path), path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['path', *classes])
        for info in infos:
            marks = np.isin(np.arange(len(classes)), info['gt_label']).astype(int)
            writer.writerow([os.path.relpath(info['img_path'], root or '.'), *marks])
    return root


def report(statistics: ClassStatistics, targets: np.ndarray, reached: np.ndarray) -> str:
    """Say for every class how many images there were, how many were wanted and how many there are now."""
    groups = MULTI_LABEL.assign(reached)
    rows = ['    had  wanted     now  group   class']
    for k in np.argsort(-targets, kind='stable'):
        numbers = (statistics.class_counts[k], targets[k], reached[k])
        row = '  '.join(
            [*(f'{n:6d}' for n in numbers), f'{MULTI_LABEL.names[groups[k]]:6}', statistics.classes[k]]
        )
        rows.append(' ' + row)
    short = int((reached < targets).sum())
    if short:
        rows.append(
            f'{short} classes are below the wanted count: their other images show a class that is full'
        )
    return '\n'.join(rows)


def make(args: argparse.Namespace) -> None:
    """Choose the images, write the list and print what came of it."""
    dataset = build_dataset(args.source, args.part, args.pictures, args.classes, args.cfg_options)
    if args.out.suffix != '.csv':
        raise ValueError(f'--out {args.out}: a name that ends in .csv is expected')
    statistics, (images, classes) = ClassStatistics.from_dataset(dataset), image_labels(dataset)
    targets = long_tail_targets(
        statistics.class_counts, args.max_count, args.min_count, args.power, args.seed
    )
    kept = choose_images(images, classes, targets, args.seed)
    root = write_list(args.out, dataset, kept)
    reached = np.bincount(classes[np.isin(images, kept)], minlength=len(targets))
    print(report(statistics, targets, reached))
    print(
        f'{len(kept)} of {len(dataset)} images kept, listed in {args.out}. '
        f'`{shlex.join(["mmlongtail", "train", str(args.out), "--pictures", root])}` trains on it; in a config:'
    )
    print(
        f"dataset=dict(type='ListFileDataset', ann_file={str(args.out)!r}, data_prefix={root!r}, pipeline=…)"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: make(args))
