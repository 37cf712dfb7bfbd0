"""What it saves to train on cached features of a frozen trunk: a training step and a whole run, with and without.

    python tools/benchmarks/frozen_trunk.py configs/collab/voc_lt.py --data DIR --network EfficientNetLite-lite0

The setting is that of ``tools/experiments/voc_lt_prime.py``, whose options this takes: a small network with ImageNet
weights, frozen up to its last stage, on VOC-LT′. Both ways train for ``--steps`` iterations without a validation, in
one process each, one after the other, and give the median time of an iteration, data loading included, by MMEngine's
own clock; the first tenth warms up. The time of a whole run is computed from it, for the config's iterations and one
evaluation of the test images, which is measured. With the cache it is given twice, for the first run, which builds
the features, and for those after it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

SCRIPT = Path(__file__).resolve().parents[1] / 'experiments/voc_lt_prime.py'
BUILT = re.compile(r'features of \d+ batches in ([\d.]+) s')
PLANNED = re.compile(r'(\d+) iterations per epoch')


def train(args: argparse.Namespace, options: list[str], work_dir: Path) -> dict[str, float]:
    """Seconds of an iteration, of the evaluation and of building features, in a run of one epoch."""
    command = [sys.executable, str(SCRIPT), args.config, '--data', str(args.data), '--network', args.network]
    command += ['--work-dir', str(work_dir), *options, '--cfg-options', 'train_cfg.max_epochs=1']
    command += ['default_hooks.logger.interval=1', 'default_hooks.start_check.allow_short=True']
    command += [f'{part}_dataloader.num_workers=0' for part in ('train', 'val')]
    environment = dict(os.environ, OMP_NUM_THREADS=str(args.threads))
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    log = next(work_dir.glob('*/*.log')).read_text()
    lines = [
        json.loads(line) for line in next(work_dir.glob('*/vis_data/scalars.json')).read_text().splitlines()
    ]
    times = [line['time'] for line in lines if 'loss' in line]
    evaluation = next(line for line in lines if 'loss' not in line and 'time' in line)
    batches = [int(number) for number in re.findall(r'Epoch\(val\).*/(\d+)\]', log)]
    return dict(
        step=median(times[len(times) // 10 :]),
        evaluation=evaluation['time'] * batches[-1],
        build=sum(map(float, BUILT.findall(log))),
        iterations=int(PLANNED.search(log)[1]) * args.epochs,
    )


def whole_run(times: dict[str, float], build: bool) -> float:
    """Seconds of a training and an evaluation."""
    return times['step'] * times['iterations'] + times['evaluation'] + times['build'] * build


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='VOC-LT config')
    parser.add_argument('--data', type=Path, required=True, help='as of voc_lt_prime.py')
    parser.add_argument('--network', default='EfficientNetLite-lite0', help='as of voc_lt_prime.py')
    parser.add_argument('--views', type=int, default=8, help='random views of an image')
    parser.add_argument('--epochs', type=int, default=8, help='of the whole run')
    parser.add_argument('--threads', type=int, default=1)
    return parser


def main(argv: list[str] | None = None) -> None:
    """Measure and print; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        features = ['--features', f'{folder}/features', '--views', str(args.views)]
        cached = train(args, features, Path(folder, 'cached'))
        plain = train(args, [], Path(folder, 'plain'))
        size = sum(path.stat().st_size for path in Path(folder, 'features').glob('*/features'))
    print(f'{args.config}, {args.network}, {args.threads} threads, {size / 2**20:.0f} MiB of features')
    print('| | images | cached | ratio |\n|---|---:|---:|---:|')
    first, again = whole_run(cached, build=True), whole_run(cached, build=False)
    rows = {
        'a step (ms)': (1000 * plain['step'], 1000 * cached['step']),
        'an evaluation (s)': (plain['evaluation'], cached['evaluation']),
        'the first run (s)': (whole_run(plain, build=False), first),
        'each further run (s)': (whole_run(plain, build=False), again),
    }
    for name, (slow, fast) in rows.items():
        print(f'| {name} | {slow:.4g} | {fast:.4g} | {slow / fast:.3g} |')


if __name__ == '__main__':
    main()
