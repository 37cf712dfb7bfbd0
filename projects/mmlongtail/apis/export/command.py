"""Write a trained model as a file that other programs run, or as weights with a model card.

    mmlongtail export CHECKPOINT --to onnx --out model.onnx
    mmlongtail export CHECKPOINT --to torch --out model.pt2
    mmlongtail export CHECKPOINT --to safetensors --out FOLDER

The checkpoint is enough. Branches and experts are averaged inside the graph, whose outputs are probabilities for any
number of images; how images are prepared, the classes and the thresholds stand in the file's metadata. What is written
is read again and compared with the model.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmlongtail.safe_loading import load_local_checkpoint

from ..command_line import check_writable
from ..single_expert import export_expert
from ..tool_errors import exit_status
from ..trained import TrainedModel, load_trained
from .card import write_folder
from .facts import facts_of
from .formats import write_onnx, write_torch
from .graph import ProbabilityModel

GRAPHS = dict(onnx=write_onnx, torch=write_torch)
ENDINGS = dict(onnx='.onnx', torch='.pt2')


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', type=Path, help='file that a training left')
    parser.add_argument('--to', choices=[*GRAPHS, 'safetensors'], required=True, help='what is written')
    parser.add_argument('--out', type=Path, required=True, help='file, or folder of safetensors and its card')
    parser.add_argument('--expert', type=int, help='index of the expert that is exported alone (all of them)')
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='of images that the test pipeline does not resize',
    )
    parser.add_argument('--config', help='config of the training, where that in the checkpoint does not do')
    return parser


def export(args: argparse.Namespace) -> None:
    """Export and compare.

    Raises:
        ValueError: If a package is missing, the model cannot be exported, or the result gives other scores.
    """
    ending = ENDINGS.get(args.to)
    if ending and args.out.suffix != ending:
        raise ValueError(f'--out {args.out}: a name that ends in {ending} is expected')
    check_writable(args.out, is_folder=not ending)
    trained = load_trained(args.checkpoint, args.config, args.expert)
    facts = facts_of(trained, args.size and tuple(args.size))
    if not ending:
        write_folder(args.out, *parts_of(trained, args), facts, args.checkpoint)
        print(f'weights, config and model card are in {args.out}')
        return
    graph = ProbabilityModel(trained.model, facts.size, facts.channels)
    difference = GRAPHS[args.to](graph, facts, args.out)
    print(f'{args.out}: scores differ by {difference:.1e} at most from those of the model')


def parts_of(trained: TrainedModel, args: argparse.Namespace) -> tuple:
    """Config and weights: of the whole model, or of one expert as a plain classifier."""
    if args.expert is None:
        return trained.cfg, trained.model.state_dict()
    state = load_local_checkpoint(args.checkpoint, map_location='cpu')['state_dict']
    return export_expert(trained.cfg, state, args.expert)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: export(args))
