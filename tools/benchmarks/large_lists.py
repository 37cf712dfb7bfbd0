"""Start-up and memory of a list of millions of images: one process, its workers, two ranks of a machine.

    python tools/benchmarks/large_lists.py                                          # a million lines
    python tools/benchmarks/large_lists.py --images 10000000 --folder /dev/shm      # 450 MB of list
    python tools/benchmarks/large_lists.py --labels 3 --shared                      # several labels, list_cache

A list `path,labels` is made, whose folders are links to one folder of empty files, so that every path is there. Each
row of the table is a process of its own. Start-up is what building the data set takes: reading, the checks of images
and labels. Memory is beyond that of the imports, in MB: the peak while it starts, what stays, and how much a process of
a data loader has for itself (its private pages) after it took its share of 20,000 random samples; with ``--ranks 2``
two processes run at once, and what stays counts shared pages (PSS) once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PER_FOLDER, SAMPLES = 1000, 20_000


def make_list(root: Path, images: int, classes: int, labels: int) -> None:
    """Folders, list and class names; a tail of classes falls by a power law."""
    (root / 'files').mkdir()
    for i in range(PER_FOLDER):
        (root / 'files' / f'photo_{i:04d}_of_a_common_length.jpg').touch()
    for k in range(-(-images // PER_FOLDER)):
        (root / f'part_{k:05d}').symlink_to('files')
    (root / 'classes.txt').write_text('\n'.join(f'class_{k}' for k in range(classes)))
    rng = np.random.default_rng(0)
    with (root / 'list.csv').open('w') as file:
        file.write('path,labels\n')
        for k in range(-(-images // PER_FOLDER)):
            ids = (classes * rng.random((PER_FOLDER, labels)) ** 3).astype(int).tolist()
            rows = [
                f'part_{k:05d}/photo_{i:04d}_of_a_common_length.jpg,{"|".join(f"class_{c}" for c in ids[i])}\n'
                for i in range(min(PER_FOLDER, images - k * PER_FOLDER))
            ]
            file.writelines(rows)


def pages(pid: int | str = 'self') -> dict[str, float]:
    """Memory of a process in MB, as the system counts its pages."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    kilobytes = {name: float(value.split()[0]) for name, value in (line.split(':') for line in lines)}
    private = kilobytes['Private_Clean'] + kilobytes['Private_Dirty']
    return {name: kb / 1000 for name, kb in dict(kilobytes, Private=private).items()}


def measure(args: argparse.Namespace) -> dict:
    """What one process finds, with its workers."""
    import mmlongtail  # noqa: F401  in the child, so that its imports do not count

    # isort: split
    import resource

    from mmpretrain.registry import DATASETS
    from torch.utils.data import DataLoader, RandomSampler

    from mmlongtail.structures import ClassStatistics

    root = Path(args.root)
    before = pages()['Pss']
    settings = dict(list_cache=str(root / 'cache')) if args.shared else {}
    start, cpu = time.perf_counter(), time.process_time()
    dataset = DATASETS.build(
        dict(
            type='ListFileDataset',
            ann_file='list.csv',
            data_root=str(root),
            classes='classes.txt',
            pipeline=[lambda item: item['sample_idx']],
            **settings,
        )
    )
    found = dict(start=time.perf_counter() - start, cpu=time.process_time() - cpu)
    found['peak'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 - before
    found['stays'] = pages()['Pss'] - before
    start = time.process_time()
    statistics = ClassStatistics.from_dataset(dataset)
    found['counts'] = time.process_time() - start
    assert statistics.num_images == len(dataset)
    sampler = RandomSampler(dataset, num_samples=SAMPLES)
    loader = DataLoader(dataset, 100, sampler=sampler, num_workers=args.workers)
    batches = iter(loader)
    for _ in range(len(loader) - 2 * args.workers - 1):  # they are still there
        next(batches)
    found['all'] = pages()['Pss'] - before
    workers = [pages(worker.pid) for worker in getattr(batches, '_workers', ())]
    found['private'] = [round(worker['Private']) for worker in workers]
    found['all'] += sum(worker['Pss'] for worker in workers)
    if args.ranks > 1:
        (root / f'ready_{os.getpid()}').touch()
        while len(list(root.glob('ready_*'))) < args.ranks:
            time.sleep(0.2)
        found['stays'] = pages()['Pss'] - before
        (root / f'done_{os.getpid()}').touch()
        while len(list(root.glob('done_*'))) < args.ranks:
            time.sleep(0.2)
    return found


def run(args: argparse.Namespace, root: Path, workers: int, ranks: int) -> list[dict]:
    """Measure in processes of their own."""
    options = ['--root', str(root), '--workers', str(workers), '--ranks', str(ranks)]
    options += ['--shared'] if args.shared else []
    commands = [[sys.executable, __file__, *options]] * ranks
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    texts = [process.communicate()[0] for process in started]
    for path in [*root.glob('ready_*'), *root.glob('done_*')]:
        path.unlink()
    return [json.loads(text.splitlines()[-1]) for text in texts]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=int, default=1_000_000)
    parser.add_argument('--classes', type=int, default=10_000)
    parser.add_argument('--labels', type=int, default=1, help='of each image')
    parser.add_argument('--folder', help='where the list is made and removed; the one for temporary files')
    parser.add_argument('--shared', action='store_true', help='with list_cache')
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 2, 4])
    parser.add_argument('--ranks', type=int, default=2)
    parser.add_argument('--root', help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.root:
        args.workers = args.workers[0]
        print(json.dumps(measure(args)))
        return
    root = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        make_list(root, args.images, args.classes, args.labels)
        print(f'{args.images:,} lines, {args.labels} labels each')
        print(f'{"":22}{"start s":>9}{"CPU s":>8}{"counts s":>9}{"peak MB":>9}{"stays MB":>9}{"all MB":>8}  private MB')
        for workers, ranks in [(w, 1) for w in args.workers] + [(0, args.ranks)]:
            for found in run(args, root, workers, ranks):
                name = f'{workers} workers' if ranks == 1 else f'one of {ranks} ranks'
                print(
                    f'{name:22}{found["start"]:9.1f}{found["cpu"]:8.1f}{found["counts"]:9.1f}{found["peak"]:9.0f}'
                    f'{found["stays"]:9.0f}{found["all"]:8.0f}  {found["private"]}',
                    flush=True,
                )
    finally:
        shutil.rmtree(root)


if __name__ == '__main__':
    main()
