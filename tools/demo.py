"""Train the collaborative method and its baseline on the embedded digits, and print their table (``make demo``)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import train

from mmlongtail.visualization.results import SCORES
from mmlongtail.visualization.run_record import read_run

CONFIGS = Path(__file__).resolve().parents[1] / 'configs' / 'demo'
METHODS = dict(erm='ERM', collab='collaborative')  # config: name in the table


def main(argv: Sequence[str] | None = None) -> None:
    """Run the demo; ``argv`` defaults to the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='folder of both runs')
    args = parser.parse_args(argv)
    lines = [f'{"mAP, percent":14}' + ''.join(f'{score:>8}' for score in SCORES)]
    for config, name in METHODS.items():
        work_dir = args.work_dir / config
        train.main([str(CONFIGS / f'{config}.py'), '--work-dir', str(work_dir)])
        run = read_run(work_dir)
        lines.append(f'{name:14}' + ''.join(f'{run[score]:>8}' for score in SCORES))
    print('', *lines, sep='\n')


if __name__ == '__main__':
    main()
