"""Prepare COCO-LT: lay out COCO 2017, write the training list, check the counts against the published ones.

    python tools/data/prepare_coco_lt.py train2017.zip val2017.zip annotations_trainval2017.zip
    python tools/data/prepare_coco_lt.py /path/to/coco --ids img_id.pkl
    python tools/data/prepare_coco_lt.py --download

Of ``train2017.zip`` only the images on the list are unpacked. A second run with nothing but ``--out`` checks what is
there. Exit status: 0 as published, 1 counts differ, 2 it failed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import PurePosixPath

from preparation import Part, make_parser, obtain_ids, prepare_parts

from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.coco_lt import COCOLT
from mmlongtail.datasets.published_splits import COCO_LT
from mmlongtail.structures import ClassStatistics

SITE = 'http://images.cocodataset.org'
PARTS = (
    Part('annotations', f'{SITE}/annotations/annotations_trainval2017.zip'),
    Part('train2017', f'{SITE}/zips/train2017.zip'),
    Part('val2017', f'{SITE}/zips/val2017.zip'),
)


def number_of(name: str) -> int:
    """Return the id in an image's name: ``000000554625`` or COCO 2014's ``COCO_train2014_000000554625``."""
    digits = name.rsplit('_', 1)[-1]
    if not digits.isdigit():
        raise ValueError(f'{name!r} in the id list is not the number or the file name of a COCO image')
    return int(digits)


def prepare(args: argparse.Namespace) -> bool:
    """Lay everything out, print the report, and return whether all counts are the published ones."""
    ids_file = args.out / 'coco_lt_ids.txt'
    ids = [number_of(name) for name in obtain_ids(args.ids, COCO_LT.ids_url, ids_file)]
    pictures = {f'{img_id:012}.jpg' for img_id in ids}

    def wanted(path: PurePosixPath) -> bool:
        if path.parts[0] == 'annotations':
            return path.name in ('instances_train2017.json', 'instances_val2017.json')
        return path.parts[0] == 'val2017' or path.name in pictures

    prepare_parts(PARTS, args.sources, args.out, wanted, args.download)
    ids_file.write_text('\n'.join(map(str, ids)) + '\n')
    train, test = (
        COCOLT(f'annotations/instances_{p}.json', listed, data_root=str(args.out), data_prefix=p)
        for p, listed in (('train2017', ids_file.name), ('val2017', None))
    )
    report, equal = COCO_LT.compare(ClassStatistics.from_dataset(train), len(test))
    print(report)
    return equal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    parser = make_parser(__doc__, 'with train2017, val2017, annotations', 'data/coco', '20 GB')
    args = parser.parse_args(argv)
    return exit_status(lambda: prepare(args))


if __name__ == '__main__':
    sys.exit(main())
