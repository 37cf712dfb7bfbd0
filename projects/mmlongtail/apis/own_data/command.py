"""The command ``train DATA``: read, split, show, choose, write a config, train it, tell the result."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from mmlongtail.apis import command_line
from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.datasets.own_data import OwnData
from mmlongtail.datasets.own_readers import leave_out_broken, read_own_data
from mmlongtail.datasets.stratified_split import stratified_split
from mmlongtail.files import written_whole
from mmlongtail.structures import ClassStatistics

from .config_text import Facts, config_text
from .methods import choose_method, named_method
from .networks import DEFAULT, Network, find_network
from .plan import Plan, make_plan, seconds_of
from .results import describe_result, describe_tail, draw_tail
from .split_files import write_split
from .timing import epochs_within

CACHE = 'pictures.json'  # what StartCheckHook calls it
FEWEST = 4  # images


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        prog='mmlongtail train', description='Train on images of your own: writes a config and trains it.'
    )
    add = parser.add_argument
    add('data', help='folder with a folder per class, list (.csv, .txt), COCO-style JSON or VOC devkit')
    add(
        '--val',
        help='validation part, in the form of DATA (of a devkit also a list of ids); else a fifth of DATA',
    )
    add('--pictures', help='folder that the paths in a list or JSON are relative to (that of the file)')
    add('--classes', help='file with one class name a line, for a list of indices')
    add('--method', help='instead of the one that is chosen by the data')
    add('--backbone', help=f'{DEFAULT}, NAME[:key=value,…] of MMPretrain, timm:NAME or hf:NAME ({DEFAULT})')
    add('--weights', help='checkpoint for the backbone')
    add('--from-scratch', action='store_true', help='random weights')
    add('--epochs', type=int, help='instead of as many as the size of the data says')
    add('--time', help='as many epochs as fit in 90s, 5m, 1h')
    add('--image-size', type=int, help='width and height that images are scaled to')
    add('--out', type=Path, help='folder of the config and the lists (beside DATA: DATA_longtail)')
    add('--work-dir', type=Path, help='folder of logs and checkpoints (OUT/METHOD)')
    add('--seed', type=int, default=0, help='of the split and of the run (0)')
    add('--no-train', action='store_true', help='only write the config')
    add('--overwrite', action='store_true', help='replace lists of another split')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; ``argv`` defaults to the command line's arguments.

    Returns:
        0, or 2 where the input is at fault, which is told in a line.
    """
    parser = make_parser()
    args = parser.parse_args(argv)
    args.command = shlex.join(['mmlongtail', 'train', *(sys.argv[1:] if argv is None else argv)])
    if args.epochs is not None and (args.epochs < 1 or args.time):
        parser.error('--epochs takes a number from 1 on, and not together with --time')
    if args.image_size is not None and args.image_size < 8:
        parser.error(f'--image-size {args.image_size}: at least 8 pixels are expected')
    return exit_status(lambda: _train(args))


def _train(args: argparse.Namespace) -> None:
    began = time.perf_counter()
    seconds = seconds_of(args.time) if args.time else None
    data, out = _read(args)
    in_val = _split(data, args.seed)
    statistics = ClassStatistics.from_dataset(_Part(data, ~in_val))
    method, why = _choose(args.method, data, statistics)
    plan = make_plan(
        [data.root / path for path in data.paths], int((~in_val).sum()), args.image_size, args.epochs
    )
    try:
        network = find_network(args.backbone, plan.size, args.from_scratch, args.weights)
    except ModuleNotFoundError as error:
        raise ValueError(f'{error}. --from-scratch trains without pretrained weights') from error
    write_split(data, in_val, out, args.overwrite)
    draw_tail(statistics, out / 'class_counts.png')
    print(f'\n{describe_tail(statistics)}\n(drawn in {out / "class_counts.png"})\n')
    print(f'method: {method}: {why}')
    facts = _facts(args, data, in_val, statistics, out, f'{method}: {why}')
    facts = replace(facts, work_dir=(args.work_dir or out / method).absolute())
    config = out / f'{method}.py'
    _write(config, config_text(facts, method, network, plan))
    if seconds is not None:
        epochs, words = epochs_within(Config.fromfile(config), seconds - (time.perf_counter() - began))
        plan = replace(plan, epochs=epochs)
        print(f'time: {args.time}; {words}')
        _write(config, config_text(facts, method, network, plan), keep=False)
    print(_describe_plan(plan, network, args.backbone or DEFAULT))
    print(f'config: {config}, trained by `python tools/train.py {config}` as well')
    if not args.no_train:
        facts.work_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(out / CACHE, facts.work_dir)  # the images need not be decoded once more
        _run(config, began)


def _read(args: argparse.Namespace) -> tuple[OwnData, Path]:
    """The data without what cannot be used, and the folder for what is written."""
    data = read_own_data(args.data, args.pictures, args.classes, args.val)
    source = Path(args.data).resolve()
    out = (args.out or source.with_name(f'{source.stem}_longtail')).absolute()
    command_line.check_writable(out, is_folder=True)
    data = leave_out_broken(data, out / CACHE)
    kind = 'one label each' if data.single_label else 'several labels each'
    print(f'{args.data}: {data.kind}, {len(data.paths)} images of {len(data.classes)} classes, {kind}')
    for note in data.notes:
        print(f'note: {note}')
    return data, out


def _split(data: OwnData, seed: int) -> np.ndarray:
    """The validation part: the data's own, or a fifth.

    Raises:
        ValueError: If there are too few classes or images, or a class is in the validation part only.
    """
    if len(data.classes) < 2 or len(data.paths) < FEWEST:
        raise ValueError(
            f'{data.root}: {len(data.paths)} images of the classes {", ".join(data.classes)}: at least {FEWEST} '
            'images and 2 classes are expected'
        )
    in_val, origin = data.in_val, 'as given'
    if in_val is None:
        in_val = stratified_split(data.labels, len(data.classes), seed=seed)
        origin = f'stratified, seed {seed}'
    if not in_val.any() or in_val.all():
        raise ValueError(
            f'{data.root}: {in_val.sum()} of {len(in_val)} images are to validate: some are expected'
        )
    missing = [data.classes[k] for k in np.flatnonzero(data.counts(~in_val) == 0)]
    if missing:
        raise ValueError(f'{data.root}: no image to train on shows {", ".join(missing[:20])}')
    untested = [data.classes[k] for k in np.flatnonzero(data.counts(in_val) == 0)]
    print(f'split: {(~in_val).sum()} images to train, {in_val.sum()} to validate, {origin}')
    if untested:
        print(f'note: too few images to validate, left out of the means: {", ".join(untested[:20])}')
    return in_val


class _Part:
    """What ClassStatistics reads of a data set."""

    def __init__(self, data: OwnData, kept: np.ndarray) -> None:
        self.labels = [data.labels[i] for i in np.flatnonzero(kept)]
        self.metainfo = dict(classes=data.classes)

    def get_cat_ids(self, index: int) -> tuple[int, ...]:
        return self.labels[index]

    def __len__(self) -> int:
        return len(self.labels)


def _choose(name: str | None, data: OwnData, statistics: ClassStatistics) -> tuple[str, str]:
    counts = statistics.class_counts
    if name is None:
        return choose_method(data.single_label, counts.max() / counts.min())
    return name, named_method(name, data.single_label)


def _facts(
    args, data: OwnData, in_val: np.ndarray, statistics: ClassStatistics, out: Path, why: str
) -> Facts:
    counts = statistics.class_counts
    header = (
        f'{Path(args.data).name}: {len(data.classes)} classes, {counts.max()} to {counts.min()} images each; '
        f'{statistics.num_images} images to train, {in_val.sum()} to validate.',
        f'{why}.',
        f'Made by: {args.command}',
    )
    facts = Facts(header, out, data.root, data.single_label, len(data.classes), statistics.num_images, out)
    return replace(facts, seed=args.seed)


def _describe_plan(plan: Plan, network: Network, name: str) -> str:
    return (
        f'plan: {name}, {network.weights}, images of {plan.size} px, {plan.epochs} epochs in batches of {plan.batch} '
        f'({plan.why})'
    )


def _write(path: Path, text: str, keep: bool = True) -> None:
    """Write a config; one that was there with other content stays beside it as ``.old``."""
    if keep and path.exists() and path.read_text(encoding='utf-8') != text:
        old = path.with_name(f'{path.name}.old')
        path.replace(old)
        print(f'note: the config that was there is {old} now')
    with written_whole(path) as file:
        file.write(text.encode('utf-8'))


def _run(config: Path, began: float) -> None:
    _, cfg = command_line.parse(command_line.common_parser('train'), [str(config)])

    def train(runner: Runner) -> None:
        runner.train()
        if runner.rank == 0:
            (report,) = (metric.report for metric in runner.val_evaluator.metrics)
            print(f'\nresult on the validation part, last epoch\n{describe_result(report)}')
            print(f'\n{cfg.work_dir}: checkpoints and logs; {time.perf_counter() - began:.0f} s in all')

    command_line.run(cfg, train)


if __name__ == '__main__':
    sys.exit(main())
