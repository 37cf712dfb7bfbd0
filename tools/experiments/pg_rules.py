"""See whether the four rules of the Probability Guided loss (Lin, 2022, Table 1) hold in short trainings on VOC-LT′.

Seven trainings differ in the factors of PR alone (eq. 5), as in Fig. 3: all 1; lambda_1^+ = 2, 5; lambda_1^- = 2, 5;
and 5 with lambda_2 = 5 beside it. A rule compares the mean p+ and p- over the last third of two of them::

    python tools/experiments/pg_rules.py --data DIR --work-dir work_dirs/pg_rules     # trains what is not there yet

DIR is that of ``voc_lt_prime.py``. The tables are printed, the figure is ``rules.png`` in the work dir.
"""

import argparse
from pathlib import Path

import numpy as np
import voc_lt_prime
from matplotlib.figure import Figure

from mmlongtail.structures import MULTI_LABEL
from mmlongtail.visualization.probability_curves import COLORS, SIGNS, Curves, read_curves

CONFIG = Path(__file__).resolve().parents[2] / 'configs/pg/voc_lt_pr.py'
RATE = 0.02  # DB loss's: with PG's smaller one the probabilities do not get far in a short training
ONES = dict(pos_scale=1.0, pos_divisor=1.0, neg_scale=1.0, neg_divisor=1.0)
SETTINGS = dict(
    ones={},
    pos_scale_2=dict(pos_scale=2.0),
    pos_scale_5=dict(pos_scale=5.0),
    neg_scale_2=dict(neg_scale=2.0),
    neg_scale_5=dict(neg_scale=5.0),
    pos_divisor_5=dict(pos_scale=5.0, pos_divisor=5.0),
    neg_divisor_5=dict(neg_scale=5.0, neg_divisor=5.0),
)
RULES = (  # factor, setting before, setting after it was raised, direction of p+ and of p- in Table 1
    ('λ₁⁺ 1 → 5', 'ones', 'pos_scale_5', dict(pos='up', neg='down')),
    ('λ₂⁺ 1 → 5', 'pos_scale_5', 'pos_divisor_5', dict(pos='down', neg='up')),
    ('λ₁⁻ 1 → 5', 'ones', 'neg_scale_5', dict(pos='down', neg='down')),
    ('λ₂⁻ 1 → 5', 'neg_scale_5', 'neg_divisor_5', dict(pos='up', neg='down')),
)
PANELS = (  # Fig. 3: solid, dashed and dotted lines
    ('ones', 'pos_scale_2', 'pos_scale_5'),
    ('ones', 'neg_scale_2', 'neg_scale_5'),
    ('ones', 'pos_scale_5', 'pos_divisor_5'),
    ('ones', 'neg_scale_5', 'neg_divisor_5'),
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, required=True, help='folder of VOCdevkit and mobilenet')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/pg_rules'))
    parser.add_argument('--epochs', type=int, default=5, help='class-aware epochs of each training')
    parser.add_argument('--settings', nargs='+', choices=SETTINGS, help='train these only and print nothing')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--cfg-options', nargs='+', default=[], help='as in tools/train.py')
    return parser.parse_args()


def train(args: argparse.Namespace, setting: str) -> None:
    """One training without any evaluation."""
    factors = [f'model.head.loss.{name}={value}' for name, value in (ONES | SETTINGS[setting]).items()]
    length = [f'train_cfg.max_epochs={args.epochs}', f'train_cfg.val_begin={args.epochs + 1}']
    rate = [f'optim_wrapper.optimizer.lr={RATE}']
    command = [str(CONFIG), '--data', str(args.data), '--seed', str(args.seed)]
    command += ['--work-dir', str(args.work_dir / setting)]
    voc_lt_prime.main([*command, '--cfg-options', *factors, *length, *rate, *args.cfg_options])


def last_third(curves: Curves, sign: str) -> np.ndarray:
    """Mean probability of head, medium and tail labels over the last third of the records, (3,)."""
    values = (curves[sign, group][1] for group in MULTI_LABEL.names)
    return np.array([value[-(-2 * len(value) // 3) :].mean() for value in values])


def print_tables(runs: dict[str, Curves]) -> None:
    """The probabilities of each setting, then each rule with what the paper says and what was seen."""
    columns = [f'{symbol} {group}' for symbol in ('p⁺', 'p⁻') for group in MULTI_LABEL.names]
    print(f'| setting | {" | ".join(columns)} |\n|---|{"---:|" * len(columns)}')
    for name, curves in runs.items():
        cells = np.concatenate([last_third(curves, sign) for sign in SIGNS])
        print(f'| `{name}` | {" | ".join(f"{cell:.3f}" for cell in cells)} |')
    print('\n| factor | probability | paper | change: head, medium, tail | holds |\n|---|---|---|---|---|')
    for factor, before, after, directions in RULES:
        for sign, direction in directions.items():
            change = last_third(runs[after], sign) - last_third(runs[before], sign)
            holds = (change > 0).all() if direction == 'up' else (change < 0).all()
            cells = ', '.join(f'{value:+.3f}' for value in change)
            symbol = 'p⁺' if sign == 'pos' else 'p⁻'
            print(f'| {factor} | {symbol} | {direction} | {cells} | {"yes" if holds else "no"} |')


def rules_figure(runs: dict[str, Curves]) -> Figure:
    """Fig. 3: a column per factor, p+ above p-, a line style per setting."""
    figure = Figure(figsize=(13, 5.5), layout='constrained')
    axes = figure.subplots(len(SIGNS), len(PANELS), sharex=True, sharey='row')
    for column, settings in zip(axes.T, PANELS):
        for ax, (sign, (symbol, _)) in zip(column, SIGNS.items()):
            for setting, style in zip(settings, ('-', '--', ':')):
                for group, color in COLORS.items():
                    label = setting if group == MULTI_LABEL.names[0] else None
                    ax.plot(*runs[setting][sign, group], style, color=color, linewidth=1.2, label=label)
            ax.set_ylabel(f'mean {symbol}')
            ax.grid(alpha=0.3)
        column[0].legend(fontsize=8, labelcolor='black')
        column[-1].set_xlabel('iteration')
    figure.suptitle('red head, green medium, blue tail classes', fontsize=10)
    return figure


def main() -> None:
    args = parse_args()
    for setting in args.settings or SETTINGS:
        if not (args.work_dir / setting / 'last_checkpoint').exists():
            train(args, setting)
    if not args.settings:
        runs = {setting: read_curves(args.work_dir / setting)[''] for setting in SETTINGS}
        print_tables(runs)
        rules_figure(runs).savefig(args.work_dir / 'rules.png', dpi=150)


if __name__ == '__main__':
    main()
