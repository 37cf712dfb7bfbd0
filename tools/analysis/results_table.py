"""Fill a README's result tables from the CSV beside it.

    python tools/analysis/results_table.py configs/collab/README.md

A table stands between ``<!-- results:DATASET -->`` and ``<!-- /results -->``; with
``<!-- results:DATASET image_size=128 -->`` it takes only the runs with that value, with ``paper=OTHER`` the published
column is that of another data set, with ``min_seeds=3`` methods of fewer seeds are left out. Between
``<!-- order:DATASET steps="A < B < C" -->`` and ``<!-- /order -->`` stands whether an order of methods holds, paired
over seeds. ``--check`` writes nothing and fails where the README is out of date.
"""

import argparse
import sys
from pathlib import Path

from mmlongtail.analysis.results import PAPER_COLUMNS, fill_markers, read_rows


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('readme', type=Path)
    parser.add_argument('--csv', type=Path, nargs='+', help='runs (default: results.csv beside the README)')
    parser.add_argument(
        '--paper', type=Path, help="the paper's numbers (default: paper.csv beside the README, if any)"
    )
    parser.add_argument('--check', action='store_true', help='fail where the README is out of date')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    paper = args.paper or args.readme.with_name('paper.csv')
    published = read_rows(paper, PAPER_COLUMNS) if args.paper or paper.exists() else []
    old = args.readme.read_text()
    try:
        files = args.csv or [args.readme.with_name('results.csv')]
        new = fill_markers(old, [row for file in files for row in read_rows(file)], published)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f'{args.readme}: {error}')
    if args.check and new != old:
        sys.exit(f'{args.readme} is out of date: run python tools/analysis/results_table.py {args.readme}')
    if new != old:
        args.readme.write_text(new)
        print(f'{args.readme} updated')


if __name__ == '__main__':
    main()
