"""Train a list of runs, several at a time, and append their results to the methods' CSVs.

What a CSV has already is left out and what was cut off is resumed, so the command can be given again at any time::

    python tools/experiments/run_queue.py tools/experiments/voc_lt_prime.csv --data DIR --jobs 2

The list has a line per run, worked off in this order:

``config``   below ``configs/``; its set decides the script, its folder the ``results.csv``
``method``   row of the table
``seed``     of the run; several, ``0 1 2``, are several runs
``network``  of ``voc_lt_prime.py``; empty for the config's own
``options``  of the script, such as ``--epochs 60`` or ``--features --views 8``
``iterations``  that the run has: a row of another number is of another schedule; empty for any
``start``    config whose run of the same seed, network and options must be finished: this one starts from it
``test``     ``yes`` to test that run's last checkpoint instead of training
``prefix``   of the scores to take, where a run has several (see ``append_result.py``)
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mmlongtail.analysis.results import append_row, read_rows
from mmlongtail.analysis.run_record import last_checkpoint, read_run
from mmlongtail.datasets.fingerprints import fingerprint

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parents[1] / 'configs'
LONGEST_NAME = 200  # of a folder; file systems take 255 bytes
COLUMNS = ('config', 'method', 'seed', 'network', 'options', 'iterations', 'start', 'test', 'prefix')
SETS = {  # by the first word of a config's name
    'voc': ('voc_lt_prime.py', 'VOC-LT′'),
    'cifar10': ('cifar_lt_prime.py', 'CIFAR-10-LT′'),
    'cifar100': ('cifar_lt_prime.py', 'CIFAR-100-LT′'),
}
# One thread a run. By default glibc gives every large tensor back to the system and faults its pages in anew.
ENVIRONMENT = dict(
    OMP_NUM_THREADS='1',
    MALLOC_MMAP_MAX_='0',
    MALLOC_TRIM_THRESHOLD_='8000000000',
    MALLOC_TOP_PAD_='500000000',
)


@dataclass(frozen=True)
class Run:
    """One line of the list and one seed; ``root`` is the folder of all work dirs."""

    root: Path
    config: str
    method: str
    seed: str
    network: str
    options: str
    iterations: str
    start: str
    test: str
    prefix: str

    @property
    def work_dir(self) -> Path:
        name = self.config.removesuffix('.py').replace('/', '_')
        setting = (
            '_'.join([self.network, *self.options.replace('--', '').split()]).strip('_').replace('/', '-')
        )
        if len(setting) > LONGEST_NAME:
            setting = f'{setting[: LONGEST_NAME - 9]}_{fingerprint(setting, length=8)}'
        return self.root / name / (setting or 'plain') / f'seed{self.seed}'

    @property
    def results(self) -> Path:
        return (CONFIGS / self.config).parent / 'results.csv'

    @property
    def script(self) -> str:
        return SETS[Path(self.config).stem.split('_')[0]][0]

    @property
    def dataset(self) -> str:
        """Name of the set, with the imbalance factor in the config's name."""
        first, *words = Path(self.config).stem.split('_')
        factors = [f'-{word.upper()}' for word in words if word.startswith('if')]
        return SETS[first][1] + ''.join(factors)

    @property
    def is_cached(self) -> bool:
        return '--features' in self.options.split()

    @property
    def network_name(self) -> str:
        """As a row has it; empty for the config's own."""
        return self.network and self.network + ', cached' * self.is_cached

    @property
    def before(self) -> Run | None:
        """The run that this one starts from."""
        return replace(self, config=self.start, iterations='', start='', test='') if self.start else None

    def is_recorded(self) -> bool:
        wanted = dict(config=Path(self.config).name, method=self.method, seed=self.seed, dataset=self.dataset)
        setting = dict(network=self.network_name, iterations=self.iterations)
        wanted |= {column: value for column, value in setting.items() if value}
        rows = read_rows(self.results) if self.results.exists() else []
        return any(
            wanted.items() <= row.items() and row['network'].endswith(', cached') == self.is_cached
            for row in rows
        )

    def row(self) -> dict[str, str]:
        """What its work dir says of a finished run.

        Raises:
            OSError, ValueError: If it is not finished.
        """
        trained, scores = self.work_dir, None
        if self.test:
            trained, scores = self.before.work_dir, max(self.work_dir.glob('*/*.json'), default=None)
            if scores is None:
                raise FileNotFoundError(f'no scores in {self.work_dir}')
        row = read_run(trained, scores, self.prefix or None)
        network = self.network_name or row['network']
        name = Path(self.config).name
        return dict(row, config=name, method=self.method, dataset=self.dataset, network=network)

    def is_finished(self) -> bool:
        try:
            return bool(self.row())
        except (OSError, ValueError):
            return False

    def begin(self, data: Path, cfg_options: Sequence[str]) -> subprocess.Popen:
        """Train or test, going on where a run was cut off."""
        command = [sys.executable, str(HERE / self.script), str(CONFIGS / self.config), '--data', str(data)]
        command += ['--seed', self.seed, '--work-dir', str(self.work_dir), *shlex.split(self.options)]
        command += ['--network', self.network] if self.network else []
        if self.before:
            checkpoint = last_checkpoint(self.before.work_dir)
            command += ['--test' if self.test else '--load-from', str(checkpoint)]
        if (self.work_dir / 'last_checkpoint').exists():
            command.append('--resume')
        command += ['--cfg-options', *cfg_options] if cfg_options else []
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with (self.work_dir / 'output.log').open('a') as log:
            return subprocess.Popen(command, env=os.environ | ENVIRONMENT, stdout=log, stderr=log)


def read_list(path: Path, root: Path) -> list[Run]:
    """The runs of a list, a line with several seeds as several.

    Raises:
        ValueError: For other columns, or a config that is not there or of no known set, by line.
    """
    runs = []
    with path.open(newline='') as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f'{path} must have the columns {",".join(COLUMNS)}, got {reader.fieldnames}')
        for number, row in enumerate(reader, 2):
            for config in filter(None, (row['config'], row['start'])):
                if not (CONFIGS / config).is_file() or Path(config).stem.split('_')[0] not in SETS:
                    raise ValueError(f'{path}, line {number}: {config} is no config of {", ".join(SETS)}')
            runs += [Run(root, **dict(row, seed=seed)) for seed in row['seed'].split()]
    return runs


def work_off(
    runs: list[Run],
    data: Path,
    jobs: int,
    commit: str,
    cfg_options: Sequence[str] = (),
    minutes: float = math.inf,
    poll: float = 5.0,
) -> list[Run]:
    """Keep ``jobs`` processes busy until nothing can be begun any more or the time is over.

    Returns:
        The runs without a result. Those that were still at work were told to end and can be resumed.
    """
    waiting, busy, failed = [run for run in runs if not run.is_recorded()], {}, []
    end = time.monotonic() + 60 * minutes
    while waiting or busy:
        if time.monotonic() > end:
            for process in busy:
                process.terminate()
            for process in busy:
                process.wait()
            return failed + list(busy.values()) + waiting
        for run in list(waiting):
            if run.work_dir in {other.work_dir for other in busy.values()}:
                continue  # the same training, of which other scores are wanted
            if run.is_finished():
                waiting.remove(run)
                append_row(run.results, dict(run.row(), commit=commit, machine=machine()))
                print(f'recorded: {run.config}, {run.method}, seed {run.seed}', flush=True)
            elif len(busy) < jobs and (run.before is None or run.before.is_finished()):
                waiting.remove(run)
                busy[run.begin(data, cfg_options)] = run
                print(f'begun: {run.work_dir}', flush=True)
        if not busy:
            break
        time.sleep(poll)
        for process in [process for process in busy if process.poll() is not None]:
            run = busy.pop(process)
            if process.returncode == 0 and run.is_finished():
                waiting.insert(0, run)  # to be recorded
            else:
                failed.append(run)
                print(
                    f'FAILED with exit status {process.returncode}: see {run.work_dir}/output.log', flush=True
                )
    return failed + waiting


def machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f'1 thread of {os.cpu_count()} CPU cores'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('list', type=Path, help='CSV of the runs')
    parser.add_argument('--data', type=Path, required=True, help="the scripts' --data")
    parser.add_argument(
        '--work-dir', type=Path, default=Path('work_dirs/queue'), help='folder of all work dirs'
    )
    parser.add_argument('--jobs', type=int, default=2, help='runs at a time')
    parser.add_argument('--minutes', type=float, default=math.inf, help='end after this time')
    parser.add_argument('--commit', required=True, help='commit that the runs are trained with')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for every run, such as numbers of workers'
    )
    args = parser.parse_args()
    try:
        runs = read_list(args.list, args.work_dir)
        left = work_off(runs, args.data, args.jobs, args.commit, args.cfg_options, args.minutes)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    if left:
        sys.exit('without a result: ' + ', '.join(f'{run.config} seed {run.seed}' for run in left))


if __name__ == '__main__':
    main()
