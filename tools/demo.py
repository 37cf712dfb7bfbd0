"""Train a long-tailed method and its baseline on the embedded digits, print their table and draw it (``make demo``).

Options that it does not know, ``--seed`` or ``--cfg-options`` for example, go to ``tools/train.py``.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import train

from mmlongtail.analysis.results import SINGLE_LABEL_SCORES as SCORES
from mmlongtail.analysis.run_record import read_run
from mmlongtail.analysis.sources import read_per_class
from mmlongtail.apis import report
from mmlongtail.structures import SINGLE_LABEL
from mmlongtail.visualization.method_figures import score_figure

CONFIGS = Path(__file__).resolve().parents[1] / 'configs' / 'demo'
METHODS = dict(ce='cross-entropy', logit_adjustment='logit adjustment')  # config: name in the table


def train_into(work_dir: Path, config: str, options: Sequence[str]) -> float:
    """Train a config, its log in a file, and return the seconds that it took."""
    began = time.perf_counter()
    work_dir.mkdir(parents=True, exist_ok=True)
    with open(work_dir / 'console.log', 'w') as log, redirect_stdout(log):
        train.main([str(CONFIGS / f'{config}.py'), '--work-dir', str(work_dir), *options])
    return time.perf_counter() - began


def draw(folder: Path) -> Path:
    """Draw the accuracy of each class by both methods, after their last evaluation; return the figure's path."""
    dumps = [max((folder / config).glob('*/per_class_accuracy.json')) for config in METHODS]
    statistics, scores = read_per_class(dumps, 'accuracy')
    figure = score_figure(dict(zip(METHODS.values(), scores)), statistics, 'accuracy (%)', SINGLE_LABEL)
    figure.axes[-1].set_xlabel('digit, from frequent to rare in training')
    figure.savefig(folder / 'accuracy_per_class.png', dpi=150)
    return folder / 'accuracy_per_class.png'


def main(argv: Sequence[str] | None = None) -> None:
    """Run the demo; ``argv`` defaults to the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='folder of both runs')
    args, options = parser.parse_known_args(argv)
    rows = [('accuracy, percent', *SCORES, 'seconds'), ('---', *['---:'] * 5)]
    for config, name in METHODS.items():
        work_dir = args.work_dir / config
        print(f'training with {name}, log: {work_dir / "console.log"}', flush=True)
        seconds = train_into(work_dir, config, options)
        run = read_run(work_dir)
        rows.append((name, *(run[score] for score in SCORES), f'{seconds:.0f}'))
    print()
    for name, *cells in rows:
        print(f'| {name:17} |' + ''.join(f' {cell:>7} |' for cell in cells))
    print(f'\npicture: {draw(args.work_dir)}')
    baseline, method = (str(args.work_dir / config) for config in METHODS)
    page = args.work_dir / 'report.html'
    with redirect_stdout(None):
        report.main([method, '--baseline', baseline, '--out', str(page), '--device', 'cpu'])
    print(f'report: {page}')


if __name__ == '__main__':
    main()
