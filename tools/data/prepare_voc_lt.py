"""Prepare VOC-LT: lay out VOC2012 and VOC2007, write the training list, check the counts against the published ones.

    python tools/data/prepare_voc_lt.py VOCtrainval_11-May-2012.tar VOCtest_06-Nov-2007.tar
    python tools/data/prepare_voc_lt.py /path/to/VOCdevkit --ids img_id.txt
    python tools/data/prepare_voc_lt.py --download

A second run with nothing but ``--out`` checks what is there. Exit status: 0 as published, 1 counts differ, 2 it failed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import PurePosixPath

from preparation import Part, make_parser, obtain_ids, prepare_parts

from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.published_splits import VOC_LT
from mmlongtail.datasets.voc_lt import VOCLT
from mmlongtail.structures import ClassStatistics

SITE = 'http://host.robots.ox.ac.uk/pascal/VOC'
PARTS = (
    Part('VOC2012', f'{SITE}/voc2012/VOCtrainval_11-May-2012.tar'),
    Part('VOC2007', f'{SITE}/voc2007/VOCtest_06-Nov-2007.tar'),
)


def wanted(path: PurePosixPath) -> bool:
    """Say whether a file of the devkit is needed: segmentations are not."""
    return len(path.parts) > 1 and path.parts[1] in ('Annotations', 'ImageSets', 'JPEGImages')


def prepare(args: argparse.Namespace) -> bool:
    """Lay everything out, print the report, and return whether all counts are the published ones."""
    prepare_parts(PARTS, args.sources, args.out, wanted, args.download)
    ids_file = args.out / 'voc_lt_ids.txt'
    ids = obtain_ids(args.ids, VOC_LT.ids_url, ids_file)
    ids_file.write_text('\n'.join(ids) + '\n')
    train = ClassStatistics.from_dataset(VOCLT(str(args.out)))
    test = VOCLT(str(args.out), year='VOC2007', ids='ImageSets/Main/test.txt')
    report, equal = VOC_LT.compare(train, len(test))
    print(report)
    return equal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    parser = make_parser(__doc__, 'that holds VOC2012 and VOC2007', 'data/VOCdevkit', '2.4 GB')
    args = parser.parse_args(argv)
    return exit_status(lambda: prepare(args))


if __name__ == '__main__':
    sys.exit(main())
