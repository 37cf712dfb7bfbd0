"""Tune the thresholds of a multi-label model on validation data and store them in a copy of its checkpoint.

    mmlongtail tune CHECKPOINT                       the validation data of its config, good F1 of each class
    mmlongtail tune CHECKPOINT val.csv --pictures data/pictures --precision 0.9

Prediction uses them from then on: mmlongtail predict CHECKPOINT_tuned.pth FOLDER --out predictions.csv
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from mmlongtail.datasets.building import build_dataset
from mmlongtail.datasets.text_file import some_of
from mmlongtail.evaluation.functional import class_thresholds
from mmlongtail.files import written_whole
from mmlongtail.safe_loading import load_from_local
from mmlongtail.structures import image_labels

from .command_line import check_writable
from .picture_input import PictureError
from .picture_stream import PathList, stream_scores
from .predict import add_model_options, load, shown
from .tool_errors import exit_status
from .trained import THRESHOLDS, TrainedModel

SHOWN = 30  # classes


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='file that a training left')
    parser.add_argument(
        'source',
        nargs='?',
        help="config, list, COCO-style JSON, folder per class or VOC devkit (the config's validation data)",
    )
    parser.add_argument(
        '--pictures',
        default='',
        help='folder that the paths in a list or JSON are relative to (that of the file)',
    )
    parser.add_argument('--classes', help='file with one class name a line, for a list file of indices')
    parser.add_argument(
        '--precision', type=float, help='take the lowest threshold that has it, instead of a good F1'
    )
    parser.add_argument('--out', type=Path, help='checkpoint to write (CHECKPOINT_tuned.pth)')
    add_model_options(parser)
    return parser


def tune(args: argparse.Namespace) -> None:
    """Tune, store and show.

    Raises:
        ValueError: For a model of one label per image, data of other classes, or an image that cannot be read.
    """
    path = Path(args.checkpoint)
    out = args.out or path.with_name(f'{path.stem}_tuned{path.suffix}')
    check_writable(out)
    inferencer = load(args)
    trained = inferencer.trained
    if not trained.multi_label:
        raise ValueError(f'{path} is a model of one label per image: thresholds are for models of several')
    dataset = validation_data(args, trained)
    scores, targets = scores_and_targets(inferencer, dataset, args.batch_size, args.workers)
    thresholds = class_thresholds(scores, targets, args.precision)
    goal = 'F1' if args.precision is None else f'precision {args.precision:g}'
    store(path, out, dict(values=thresholds.tolist(), goal=goal, expert=args.expert, images=len(scores)))
    print(table(trained, scores, targets, thresholds))
    print(f'thresholds for {goal}, of {len(scores)} images, are in {out}')


def validation_data(args: argparse.Namespace, trained: TrainedModel) -> BaseDataset:
    """The data that the options name, else those of the checkpoint's config, built as data alone.

    Raises:
        ValueError: If the config has none.
    """
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        if args.source:
            return named_data(args, trained)
        cfg = trained.cfg
        if not cfg.get('val_dataloader'):
            raise ValueError(
                f'the config in {args.checkpoint} has no val_dataloader: name the data to tune on'
            )
        if cfg.val_dataloader.dataset == (cfg.get('test_dataloader') or {}).get('dataset'):
            print('warning: the validation data of the config are its test data; scores on them will flatter')
        return DATASETS.build(cfg.val_dataloader.dataset)


def named_data(args: argparse.Namespace, trained: TrainedModel) -> BaseDataset:
    """What the user names; indices in a list file without names are those of the model's classes."""
    try:
        return build_dataset(args.source, 'val', args.pictures, args.classes)
    except ValueError:
        if args.classes or Path(args.source).suffix not in ('.csv', '.tsv', '.txt'):
            raise
        return build_dataset(args.source, 'val', args.pictures, list(trained.classes))


def columns(classes: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Where each of the names stands among the model's classes.

    Raises:
        ValueError: If the model does not have one of them.
    """
    if unknown := [name for name in names if name not in classes]:
        raise ValueError(
            f'the model has no class {some_of(unknown)}: its classes are {some_of(list(classes))}'
        )
    return np.array([classes.index(name) for name in names])


def scores_and_targets(
    inferencer, dataset: BaseDataset, batch_size: int, workers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and multi-hot labels of a data set of image files, both (N, K) in the order of the model's classes.

    Images that cannot be read are left out and named.

    Raises:
        PictureError: If none of the images can be read.
        ValueError: If it has no image files, or it has classes that the model lacks.
    """
    places = columns(inferencer.trained.classes, dataset.metainfo['classes'])
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    try:
        paths = PathList(info['img_path'] for info in infos)
    except KeyError as error:
        raise ValueError(f'{type(dataset).__name__} has no image files: name a list of images') from error
    stream = stream_scores(inferencer, paths, batch_size=batch_size, workers=workers)
    items = list(shown(stream, 0, len(paths)))
    broken = [item for item in items if isinstance(item, PictureError)]
    if len(broken) == len(items):
        raise broken[0]
    if broken:
        print(f'note: {len(broken)} of {len(items)} images are left out: {some_of(list(map(str, broken)))}')
    read = np.array([not isinstance(item, PictureError) for item in items])
    targets = np.zeros((len(paths), len(inferencer.trained.classes)), bool)
    images, labels = image_labels(dataset)
    targets[images, places[labels]] = True
    return np.stack([item for item, good in zip(items, read) if good]), targets[read]


def store(path: Path, out: Path, thresholds: dict) -> None:
    """Write the checkpoint with the thresholds, whole or not at all; all else in it stays."""
    content = load_from_local(path, map_location='cpu')
    with written_whole(out) as file:
        torch.save(content | {THRESHOLDS: thresholds}, file)


def table(trained: TrainedModel, scores: np.ndarray, targets: np.ndarray, thresholds: np.ndarray) -> str:
    """Threshold, precision and recall of each class, up to ``SHOWN``, and the mean F1 before and after."""
    numbers = [decisions(scores, targets, t) for t in (trained.thresholds, thresholds)]
    (_, _, before), (precision, recall, f1) = numbers
    known = targets.any(axis=0)
    rows = ['threshold  precision  recall     F1  before  images  class']
    for k in range(len(thresholds)) if len(thresholds) <= SHOWN else ():
        shares = ''.join(
            f'{100 * value[k]:{width}.1f}' for value, width in ((precision, 11), (recall, 8), (f1, 7))
        )
        note = '' if known[k] else ' (no image)'
        count = targets[:, k].sum()
        rows.append(
            f'{thresholds[k]:9.3f}{shares}{100 * before[k]:8.1f}{count:8}  {trained.classes[k]}{note}'
        )
    rows = rows if len(rows) > 1 else []
    if (never := (thresholds > scores.max(axis=0)) & known).any():
        names = ', '.join(trained.classes[k] for k in np.flatnonzero(never)[:SHOWN])
        rows.append(f'no threshold has the wanted precision, so they are never predicted: {names}')
    means = [100 * value[known].mean() if known.any() else float('nan') for value in (before, f1)]
    mean = f'mean F1 of {known.sum()} classes on these images: {means[0]:.1f} before, {means[1]:.1f} now'
    return '\n'.join([*rows, f'{mean}; on others it gains less'])


def decisions(
    scores: np.ndarray, targets: np.ndarray, thresholds: np.ndarray | None
) -> tuple[np.ndarray, ...]:
    """Precision, recall and F1 of each class, (K,) each; 0 where nothing is predicted or there."""
    claimed = scores >= (0.5 if thresholds is None else thresholds)
    hits, claims, positives = ((claimed & targets).sum(0), claimed.sum(0), targets.sum(0))
    return (
        hits / np.maximum(claims, 1),
        hits / np.maximum(positives, 1),
        2 * hits / np.maximum(claims + positives, 1),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: tune(args))
