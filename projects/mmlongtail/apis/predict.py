"""Predict what the images in a folder show.

    mmlongtail predict CHECKPOINT FOLDER --out predictions.csv
    mmlongtail predict CHECKPOINT FOLDER --out predictions.json --top-k 3 --tta

The checkpoint is enough. The result is a .csv, .json or .parquet file with a row for each image; those that cannot be
read are listed beside it. An interrupted run goes on where it was when the same command is given again.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmlongtail.engine.hooks.progress_bar_hook import CLEAR, progress_line
from mmlongtail.files import written_whole

from .answers import Answers
from .command_line import check_writable
from .inferencer import LongTailInferencer
from .picture_input import PictureError, picture_files
from .picture_stream import PathList, stream_scores
from .prediction_files import check_format, write_predictions
from .prediction_parts import PredictionParts
from .tool_errors import exit_status

DIGITS = 6  # of a score in a file


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='file that a training left')
    parser.add_argument('folder', help='folder of images, with subfolders, or one image')
    parser.add_argument('--out', type=Path, required=True, help='file of the result (.csv, .json, .parquet)')
    parser.add_argument(
        '--top-k', type=int, help='labels of each image (those over their thresholds; one label: 5)'
    )
    parser.add_argument('--all-scores', action='store_true', help='write the scores of all classes, too')
    parser.add_argument('--restart', action='store_true', help='do not go on with an interrupted run')
    add_model_options(parser)
    return parser


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """The options of whatever lets a model predict many images."""
    parser.add_argument('--config', help='config of the training, where that in the checkpoint does not do')
    parser.add_argument('--expert', type=int, help='index of the expert that predicts alone (all of them)')
    parser.add_argument('--tta', action='store_true', help="average over the config's views, or a flip")
    parser.add_argument(
        '--allow-partial', action='store_true', help='take a checkpoint that does not fill the model'
    )
    parser.add_argument('--batch-size', type=int, default=32, help='images at once (%(default)s)')
    parser.add_argument(
        '--workers', type=int, default=min(8, os.cpu_count() or 1), help='reading processes (%(default)s)'
    )
    parser.add_argument('--device', help='where the model runs, such as cuda:1 or cpu')


def load(args: argparse.Namespace) -> LongTailInferencer:
    """The model that the options name.

    Raises:
        ValueError: For numbers out of range, and as :class:`LongTailInferencer`.
    """
    if args.batch_size < 1 or args.workers < 0:
        raise ValueError(
            f'--batch-size {args.batch_size} --workers {args.workers}: at least 1 and 0 are expected'
        )
    return LongTailInferencer(
        args.checkpoint, args.config, args.device, args.expert, args.tta, args.allow_partial
    )


def predict(args: argparse.Namespace) -> None:
    """Predict all images, then write the file.

    Raises:
        ValueError: If there are none, or none can be read.
    """
    check_format(args.out)
    check_writable(args.out)
    folder, paths = find_pictures(args.folder)
    inferencer = load(args)
    answers = Answers(inferencer.trained, args.top_k, args.all_scores)
    parts = PredictionParts(args.out.with_name(f'{args.out.name}.parts'), identity(args, paths), args.restart)
    if parts.done:
        print(f'going on after {parts.done} of {len(paths)} images')
    with whole_parts(parts):
        scores = stream_scores(inferencer, paths, folder, parts.done, args.batch_size, args.workers)
        for i, item in enumerate(shown(scores, parts.done, len(paths)), parts.done):
            parts.append(record(shown_path(paths[i]), item, answers))
    classes = inferencer.trained.classes if args.all_scores else ()
    write_predictions(args.out, (item for item in parts if 'error' not in item), classes)
    finish(args.out, parts, len(paths))


def find_pictures(source: str) -> tuple[str, PathList]:
    """A folder and the paths in it; of one image its folder.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If the folder has no images.
    """
    if os.path.isfile(source):
        return os.path.dirname(source), PathList([os.path.basename(source)])
    if not os.path.isdir(source):
        raise FileNotFoundError(f'{source} does not exist: a folder of images is expected')
    paths = PathList(picture_files(source))
    if not paths:
        raise ValueError(f'{source} has no images in it')
    return source, paths


def identity(args: argparse.Namespace, paths: PathList) -> dict:
    """What a run must have in common with an interrupted one to go on with it."""
    options = ('top_k', 'all_scores', 'expert', 'tta', 'allow_partial')
    return dict(
        folder=os.path.abspath(args.folder),
        pictures=len(paths),
        listing=paths.digest(),
        checkpoint=stamp(args.checkpoint),
        config=args.config and stamp(args.config),
        **{name: getattr(args, name) for name in options},
    )


def stamp(path: str) -> list:
    """Where a file lies, its size and its time of change."""
    status = os.stat(path)
    return [os.path.abspath(path), status.st_size, status.st_mtime_ns]


def record(path: str, item, answers: Answers) -> dict:
    """What is written of an image: its answer, or why it cannot be read."""
    if isinstance(item, PictureError):
        return dict(path=path, error=str(item))
    answer = dict(path=path) | answers(item)
    for key in answer.keys() & {'scores', 'all_scores'}:
        answer[key] = [round(score, DIGITS) for score in answer[key]]
    return answer


def shown_path(path: str) -> str:
    """A path as text, whatever bytes it is made of."""
    return path.encode('utf-8', 'backslashreplace').decode()


def shown(items: Iterator, done: int, total: int, interval: float = 0.2) -> Iterator:
    """The items, with a progress bar where standard error is a terminal."""
    began, before, drawn = time.monotonic(), done, 0.0
    for item in items:
        yield item
        done, now = done + 1, time.monotonic()
        if sys.stderr.isatty() and now - drawn > interval:
            left = (now - began) / (done - before) * (total - done)
            width = shutil.get_terminal_size().columns - 1
            print(
                f'{CLEAR}{progress_line("predict", done, total, left, width)}',
                end='\r',
                file=sys.stderr,
                flush=True,
            )
            drawn = now
    if drawn:
        print(CLEAR, end='', file=sys.stderr, flush=True)


@contextmanager
def whole_parts(parts: PredictionParts) -> Iterator[None]:
    """Write the last part however the work ends; a request to terminate ends it like Ctrl-C."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        parts.flush()


def finish(out: Path, parts: PredictionParts, total: int) -> None:
    """List what could not be read, remove the parts and say what there is.

    Raises:
        ValueError: If nothing could be read.
    """
    listed, unreadable = out.with_name(f'{out.stem}.unreadable.csv'), 0
    with written_whole(listed) as file:
        text = io.TextIOWrapper(file, encoding='utf-8', newline='', write_through=True)
        rows = csv.writer(text, lineterminator='\n')
        rows.writerow(['path', 'reason'])
        for item in (item for item in parts if 'error' in item):
            rows.writerow([item['path'], shown_path(item['error'])])
            unreadable += 1
        text.detach()
    if not unreadable:
        listed.unlink()
    parts.remove()
    if unreadable == total:
        raise ValueError(f'none of the {total} images can be read: the reasons are in {listed}')
    print(f'{total - unreadable} predictions are in {out}')
    if unreadable:
        print(f'{unreadable} images cannot be read and are listed in {listed}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    try:
        return exit_status(lambda: predict(args))
    except KeyboardInterrupt:
        print('\ninterrupted: the same command goes on from here', file=sys.stderr)
        return 130
