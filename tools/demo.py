"""Train the collaborative method and its baseline on the embedded digits, and print their table (``make demo``).

Options that it does not know, ``--seed`` or ``--cfg-options`` for example, go to ``tools/train.py``.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import train

from mmlongtail.analysis.results import SCORES
from mmlongtail.analysis.run_record import read_run

CONFIGS = Path(__file__).resolve().parents[1] / 'configs' / 'demo'
METHODS = dict(erm='ERM', collab='collaborative')  # config: name in the table


def main(argv: Sequence[str] | None = None) -> None:
    """Run the demo; ``argv`` defaults to the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='folder of both runs')
    args, options = parser.parse_known_args(argv)
    rows = [('mAP, percent', *SCORES, 'seconds'), ('---', *['---:'] * 5)]
    for config, name in METHODS.items():
        work_dir = args.work_dir / config
        began = time.perf_counter()
        train.main([str(CONFIGS / f'{config}.py'), '--work-dir', str(work_dir), *options])
        seconds = time.perf_counter() - began
        run = read_run(work_dir)
        rows.append((name, *(run[score] for score in SCORES), f'{seconds:.0f}'))
    print()
    for name, *cells in rows:
        print(f'| {name:13} |' + ''.join(f' {cell:>7} |' for cell in cells))


if __name__ == '__main__':
    main()
