"""Images/s of a trained model, of its exported graphs, and of one of its experts.

    python tools/benchmarks/export_speed.py work_dirs/mine/epoch_8.pth --batch-size 16 --rounds 10

All run on the CPU with torch's number of threads, on normalized noise of the model's size, without preprocessing. They
take turns in each round, so that a busy machine slows all; images/s are medians. ONNX is left out where it is not
installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import torch

from mmlongtail.apis import command_line
from mmlongtail.apis.export.command import graph_of
from mmlongtail.apis.export.facts import Facts, facts_of
from mmlongtail.apis.export.formats import INPUT, example, exported_program, write_onnx
from mmlongtail.apis.export.graph import ProbabilityModel
from mmlongtail.apis.trained import load_trained


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='file that a training left')
    parser.add_argument('--config', help='config of the training, where that in the checkpoint does not do')
    parser.add_argument('--size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'), help='of the images')
    parser.add_argument('--batch-size', type=int, default=16, help='images at once (%(default)s)')
    parser.add_argument('--rounds', type=int, default=10, help='how often each is timed (%(default)s)')
    return parser


def candidates(args: argparse.Namespace) -> tuple[dict[str, Callable[[torch.Tensor], object]], Facts]:
    """What is timed, by name, and the facts of the model."""
    trained = load_trained(args.checkpoint, args.config)
    facts = facts_of(trained, args.size and tuple(args.size))
    found = {'model': lambda images: trained.model(images, mode='predict')}
    graph = ProbabilityModel(load_trained(args.checkpoint, args.config).model, facts.size, facts.channels)
    found['torch.export'] = exported_program(graph, facts).module()
    try:
        found['ONNX'] = onnx_session(graph, facts)
    except ValueError as error:
        print(f'no ONNX: {error}', file=sys.stderr)
    if hasattr(trained.model.head, 'experts'):
        single = load_trained(args.checkpoint, args.config, expert=0)
        found['one expert'] = graph_of(single, args.checkpoint, 0, facts)
    return found, facts


def onnx_session(graph: ProbabilityModel, facts: Facts) -> Callable[[torch.Tensor], object]:
    """ONNX Runtime with as many threads as torch has."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'model.onnx'
        write_onnx(graph, facts, path)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(path, options)
    return lambda images: session.run(None, {INPUT: images.numpy()})


@torch.no_grad()
def time_all(found: dict[str, Callable], facts: Facts, batch_size: int, rounds: int) -> dict[str, float]:
    """Images/s of each, the median of the rounds; the first round warms up."""
    images, seconds = example(facts, batch_size), {name: [] for name in found}
    for _ in range(rounds + 1):
        for name, run in found.items():
            began = time.perf_counter()
            run(images)
            seconds[name].append(time.perf_counter() - began)
    return {name: batch_size / median(times[1:]) for name, times in seconds.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Time and print; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    if args.batch_size < 1 or args.rounds < 1:
        raise SystemExit('error: --batch-size and --rounds are at least 1')
    with command_line.errors_told(ValueError):
        found, facts = candidates(args)
        speeds = time_all(found, facts, args.batch_size, args.rounds)
    for name, speed in speeds.items():
        print(f'{name:13} {speed:8.1f} images/s  {speed / speeds["model"]:5.2f} of the model')


if __name__ == '__main__':
    main()
