"""Train the single-label methods on CIFAR-100-LT′ at imbalance factor 100 in their full schedules, on one GPU.

Several runs share the card, with images in memory, batches augmented on the card, mixed precision and channels last;
rows go to the methods' ``results.csv``. What is not done when the time is over goes on with the next call::

    python tools/experiments/gpu_suite.py --data DIR --commit $(git rev-parse --short HEAD)

DIR holds the archives of CIFAR-LT′, see ``cifar_lt_prime.py``. ``--fraction 1/100`` tries everything out on a CPU.
"""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

import run_queue

BASELINES, GCL, NCL = (f'{folder}/cifar100_lt_if100' for folder in ('baselines/singlelabel', 'gcl', 'ncl'))
# config, row of the table, its epochs, config that it starts from, scores to take; the longest ones first
SUITE = (
    (f'{NCL}.py', 'NCL++', 400, '', 'single'),
    (f'{NCL}.py', 'NCL++, ensemble', 400, '', 'long-tail'),
    (f'{NCL}_bil_intra.py', 'BIL + IntraCL', 400, '', ''),
    (f'{NCL}_bil_intra_control.py', 'BIL + IntraCL, control', 400, '', ''),
    (f'{NCL}_no_hard.py', 'NCL++ without hard categories', 400, '', 'single'),
    (f'{NCL}_bil_inter.py', 'BIL + InterCL', 400, '', 'single'),
    (f'{NCL}_bil_inter_control.py', 'BIL + InterCL, control', 400, '', 'single'),
    (f'{NCL}_bil_hard.py', 'BIL + NFL_hard', 400, '', ''),
    (f'{NCL}_bsce.py', 'BSCE (BIL)', 400, '', ''),
    (f'{NCL}_ce.py', 'CE', 400, '', ''),
    (f'{GCL}_stage1.py', 'GCL, stage 1', 200, '', ''),
    (f'{GCL}_no_mixup_stage1.py', 'GCL without mixup, stage 1', 200, '', ''),
    (f'{BASELINES}_ce.py', 'CE', 200, '', ''),
    (f'{BASELINES}_ce_mixup.py', 'CE + mixup', 200, '', ''),
    (f'{BASELINES}_bsce.py', 'balanced softmax', 200, '', ''),
    (f'{BASELINES}_ldam_drw.py', 'LDAM-DRW', 200, '', ''),
    (f'{GCL}.py', 'GCL', 30, f'{GCL}_stage1.py', ''),
    (f'{GCL}_no_mixup.py', 'GCL without mixup', 30, f'{GCL}_no_mixup_stage1.py', ''),
)


def runs_of(fraction: Fraction, seed: str, root: Path, amp: bool) -> list[run_queue.Run]:
    """The suite's runs, with ``fraction`` of their epochs."""
    runs = []
    for config, method, epochs, start, prefix in SUITE:
        of = 200 if start else epochs  # a second stage shrinks as its first one does
        options = f'--epochs {max(1, round(of * fraction))} --of {of} --batched' + ' --amp' * amp
        steps = 169 if config.startswith('ncl/') else 170  # NCL++ drops the last short batch
        iterations = str(max(1, round(epochs * fraction)) * steps)
        runs.append(run_queue.Run(root, config, method, seed, '', options, iterations, start, '', prefix))
    return runs


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, required=True, help="folder of the two archives' folders")
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/gpu_suite'))
    parser.add_argument('--commit', required=True, help='commit that the runs are trained with')
    parser.add_argument('--jobs', type=int, default=8, help='runs at a time')
    parser.add_argument('--minutes', type=float, default=25, help='end after this time')
    parser.add_argument('--seed', default='0', help='of all runs')
    parser.add_argument(
        '--methods', nargs='+', choices=dict.fromkeys(row[1] for row in SUITE), help='only these'
    )
    parser.add_argument('--fraction', type=Fraction, default=Fraction(1), help='of the epochs')
    parser.add_argument('--no-amp', action='store_true', help='no mixed precision')
    args = parser.parse_args(argv)
    runs = runs_of(args.fraction, args.seed, args.work_dir, not args.no_amp)
    runs = [run for run in runs if not args.methods or run.method in args.methods]
    left = run_queue.work_off(runs, args.data, args.jobs, args.commit, minutes=args.minutes)
    if left:
        sys.exit('without a result: ' + ', '.join(run.method for run in left))


if __name__ == '__main__':
    main()
