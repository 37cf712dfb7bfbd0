"""Train a model: ``python tools/train.py CONFIG [--work-dir DIR] [--resume [CHECKPOINT]]``."""

import argparse
from collections.abc import Sequence

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
from mmengine.config import Config

from mmlongtail.apis import command_line


def make_parser() -> argparse.ArgumentParser:
    """The common options and those of training."""
    parser = command_line.common_parser('Train a model')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint, or from the newest that loads in the work dir; with none there, '
        'start afresh',
    )
    parser.add_argument('--no-validate', action='store_true', help='no evaluation during training')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch')
    parser.add_argument('--seed', type=int, help='seed of the run (randomness.seed of the config)')
    return parser


def merge(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of training into the config."""
    if args.resume:
        cfg.resume = args.resume if args.resume == 'auto' else True
        cfg.load_from = cfg.get('load_from') if args.resume == 'auto' else args.resume
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        cfg.auto_scale_lr = dict(cfg.get('auto_scale_lr') or {}, enable=True)
    if args.amp:
        cfg.optim_wrapper.type = command_line.amp_wrapper_type()
    if args.seed is not None:
        cfg.randomness = dict(cfg.get('randomness') or {}, seed=args.seed)


def main(argv: Sequence[str] | None = None) -> None:
    """Train; ``argv`` defaults to the command line's arguments."""
    args, cfg = command_line.parse(make_parser(), argv)
    merge(cfg, args)
    command_line.run(cfg, lambda runner: runner.train())


if __name__ == '__main__':
    main()
