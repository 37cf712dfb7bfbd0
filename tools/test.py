"""Test a checkpoint: ``python tools/test.py CONFIG CHECKPOINT [--tta] [--out FILE] [--show-dir DIR]``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import mmengine
from mmengine.config import Config
from mmengine.evaluator import DumpResults
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmlongtail.apis import command_line
from mmlongtail.apis.views import tta_pipeline
from mmlongtail.evaluation.metrics import PredictionFile

SUFFIXES = dict(pred=('.json', '.pkl', '.pickle'), metrics=('.json', '.yaml', '.yml', '.pkl', '.pickle'))


def make_parser() -> argparse.ArgumentParser:
    """The common options and those of testing."""
    parser = command_line.common_parser('Test a checkpoint')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out', help='file for the predictions (.json, .pkl) or the metrics (.json, .yml, .pkl)'
    )
    parser.add_argument('--out-item', choices=['metrics', 'pred'], default='pred', help='what --out gets')
    parser.add_argument('--tta', action='store_true', help="average over the config's views, or a flip")
    parser.add_argument('--show-dir', help='folder for images with their predictions')
    parser.add_argument('--show', action='store_true', help='show the same in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every n-th image')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds to show each window')
    return parser


def merge(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of testing into the config."""
    cfg.load_from = args.checkpoint
    cfg.resume = False
    command_line.use_test_folder(cfg)
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir:
        cfg.setdefault('default_hooks', {})
        cfg.default_hooks.visualization = dict(
            type='PredictionPictureHook',
            out_dir=args.show_dir,
            interval=args.interval,
            show=args.show,
            wait_time=args.wait_time,
        )
    if args.tta:
        merge_tta(cfg)


def merge_tta(cfg: Config) -> None:
    """Average the scores over the views of ``tta_pipeline``; where it is missing, over the image and its flip."""
    dataset = cfg.test_dataloader.dataset
    cfg.tta_pipeline = tta_pipeline(cfg, dataset.pipeline)
    dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(cfg.get('tta_model', dict(type='AverageExpertScoreTTA')), module=cfg.model)


def main(argv: Sequence[str] | None = None) -> None:
    """Test; ``argv`` defaults to the command line's arguments."""
    parser = make_parser()
    args, cfg = command_line.parse(parser, argv)
    if args.out and Path(args.out).suffix not in SUFFIXES[args.out_item]:
        parser.error(f'--out {args.out}: for {args.out_item} it ends in {", ".join(SUFFIXES[args.out_item])}')
    merge(cfg, args)
    with command_line.errors_told():
        if args.out:
            command_line.check_writable(args.out)
        if args.show_dir:
            command_line.check_writable(args.show_dir, is_folder=True)

    def test(runner: Runner) -> None:
        if args.out and args.out_item == 'pred':
            dump = PredictionFile if args.out.endswith('.json') else DumpResults
            runner.test_evaluator.metrics.append(dump(out_file_path=args.out))
        metrics = runner.test()
        for report in filter(None, (getattr(m, 'report', None) for m in runner.test_evaluator.metrics)):
            print_log(f'\n{report.class_details()}', 'current')  # made on the main process alone
        if args.out and args.out_item == 'metrics' and runner.rank == 0:
            mmengine.dump(metrics, args.out)

    command_line.run(cfg, test)


if __name__ == '__main__':
    main()
