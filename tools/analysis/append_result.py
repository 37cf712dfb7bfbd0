"""Add a finished run to a results CSV.

    python tools/analysis/append_result.py work_dirs/voc_lt configs/collab/results.csv --method collaborative

Seed, iterations, data set, image size and the scores of the last evaluation come from the work dir: mAP in total and of
head, medium and tail, or top-1 in total and of many, medium and few. A CSV holds one of these kinds of run.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from pickle import UnpicklingError

import torch

from mmlongtail.analysis.results import RUN_COLUMNS, append_row, scores_of
from mmlongtail.analysis.run_record import read_run


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('csv', type=Path)
    parser.add_argument(
        '--method', help="row of the table that the run belongs to (default: the config's name)"
    )
    parser.add_argument(
        '--test-json', type=Path, help='scores written by tools/test.py, instead of the last evaluation'
    )
    parser.add_argument(
        '--prefix', help="of the scores, where a run has several, such as 'single' of PerExpertMetric"
    )
    parser.add_argument('--machine', help='default: the GPU, or the number of CPU cores, of this machine')
    parser.add_argument('--commit', help='default: the one checked out here')
    parser.add_argument('--dataset', help="default: type of the run's train data set")
    parser.add_argument('--image-size', help="default: from the run's test pipeline")
    return parser.parse_args()


def current_commit() -> str:
    """Short id of the checked-out commit, marked where files differ from it."""
    command = ['git', '-C', str(Path(__file__).parent), 'describe', '--always', '--dirty', '--exclude=*']
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'no git commit to record ({done.stderr.strip()}): give --commit')
    return done.stdout.strip()


def this_machine() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f'{os.cpu_count()} CPU cores'


def main() -> None:
    args = parse_args()
    try:
        row = read_run(args.work_dir, args.test_json, args.prefix)
        row['method'] = args.method or Path(row['config']).stem
        row['commit'] = args.commit or current_commit()
        row['machine'] = args.machine or this_machine()
        row['dataset'] = args.dataset or row['dataset']
        row['image_size'] = args.image_size or row['image_size']
        append_row(args.csv, row)
    except (ValueError, OSError, UnpicklingError) as error:
        sys.exit(str(error))
    print(', '.join(f'{column} {row[column]}' for column in (*RUN_COLUMNS, *scores_of(row))))


if __name__ == '__main__':
    main()
