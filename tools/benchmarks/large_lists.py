"""Start-up and memory of a list of millions of images: one process, its workers, two ranks of a machine.

    python tools/benchmarks/large_lists.py                                          # a million lines
    python tools/benchmarks/large_lists.py --images 10000000 --folder /dev/shm      # 470 MB of list
    python tools/benchmarks/large_lists.py --labels 3 --shared                      # one to three labels, list_cache

A list `path,labels` is made, whose folders are links to one folder of images of one pixel, so that every path is there.
Start-up is what building the data set takes: reading, the checks of images and labels. Memory is beyond that of the
imports, in MB: the peak while it starts, and what stays. Then the process loads 20,000 random samples with each number
of workers: "more" are the pages that they add, those that several share counted once (PSS), and "private" what each has
for itself (USS). With ``--shared`` two ranks run at once, then a later run, all with ``list_cache``.
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
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

PER_FOLDER, SAMPLES = 1000, 20_000


def make_list(root: Path, images: int, classes: int, labels: int) -> None:
    """Folders, list and class names; a tail of classes falls by a power law."""
    (root / 'files').mkdir()
    for i in range(PER_FOLDER):
        Image.new('RGB', (1, 1)).save(root / 'files' / f'photo_{i:04d}_of_a_common_length.jpg')
    for k in range(-(-images // PER_FOLDER)):
        (root / f'part_{k:05d}').symlink_to('files')
    (root / 'classes.txt').write_text('\n'.join(f'class_{k}' for k in range(classes)))
    rng = np.random.default_rng(0)
    with (root / 'list.csv').open('w') as file:
        file.write('path,labels\n')
        for k in range(-(-images // PER_FOLDER)):
            ids = (classes * rng.random((PER_FOLDER, labels)) ** 3).astype(int).tolist()
            numbers = rng.integers(1, labels + 1, PER_FOLDER).tolist()
            cells = ['|'.join(f'class_{c}' for c in row[:n]) for row, n in zip(ids, numbers)]
            rows = [
                f'part_{k:05d}/photo_{i:04d}_of_a_common_length.jpg,{cells[i]}\n'
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
    if args.ranks > 1:  # all of them are there
        meet(root, 'ready', args.ranks)
    found['stays'] = pages()['Pss'] - before
    if args.ranks > 1:
        meet(root, 'done', args.ranks)
    found['loaders'] = {}
    for workers in args.workers:
        own = pages()['Pss']
        loader = DataLoader(dataset, 100, RandomSampler(dataset, True, SAMPLES), num_workers=workers)
        batches = iter(loader)
        for _ in range(len(loader) - 2 * workers - 1):  # the workers are still there
            next(batches)
        counts = [pages(), *(pages(worker.pid) for worker in batches._workers)]
        extra = sum(count['Pss'] for count in counts) - own
        found['loaders'][workers] = extra, [round(count['Private']) for count in counts[1:]]
        del batches, loader
    return found


def meet(root: Path, what: str, ranks: int) -> None:
    """Wait for the other ranks."""
    (root / f'{what}_{os.getpid()}').touch()
    while len(list(root.glob(f'{what}_*'))) < ranks:
        time.sleep(0.2)


def run(args: argparse.Namespace, root: Path, ranks: int, workers: Sequence[int] = ()) -> None:
    """Measure in processes of their own, and print what they find."""
    options = ['--root', str(root), '--ranks', str(ranks), '--workers', *map(str, workers)]
    command = [sys.executable, __file__, *options, *['--shared'] * args.shared]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(ranks)]
    texts = [process.communicate()[0] for process in started]
    for path in [*root.glob('ready_*'), *root.glob('done_*')]:
        path.unlink()
    for text in texts:
        found = json.loads(text.splitlines()[-1])
        name = 'one process' if ranks == 1 else f'one of {ranks} ranks'
        print(f'{name:16}' + ''.join(f'{found[key]:10.1f}' for key in ('start', 'cpu', 'peak', 'stays')))
        for number, (extra, private) in found['loaders'].items():
            print(f'  {number} workers: {extra:.0f} MB more; private {private}', flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=int, default=1_000_000)
    parser.add_argument('--classes', type=int, default=10_000)
    parser.add_argument('--labels', type=int, default=1, help='of an image at most')
    parser.add_argument('--folder', help='where the list is made and removed; the one for temporary files')
    parser.add_argument('--shared', action='store_true', help='with list_cache')
    parser.add_argument('--workers', type=int, nargs='*', default=[1, 4])
    parser.add_argument('--ranks', type=int, default=2, help='that start at once, with --shared')
    parser.add_argument('--root', help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.root:
        print(json.dumps(measure(args)))
        return
    root = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        make_list(root, args.images, args.classes, args.labels)
        print(f'{args.images:,} lines, up to {args.labels} labels each, load {os.getloadavg()[0]:.0f}')
        print(f'{"":16}{"start s":>10}{"CPU s":>10}{"peak MB":>10}{"stays MB":>10}', flush=True)
        if args.shared:
            run(args, root, args.ranks)
        run(args, root, 1, args.workers)
    finally:
        shutil.rmtree(root)


if __name__ == '__main__':
    main()
