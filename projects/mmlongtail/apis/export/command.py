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

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.safe_loading import load_local_checkpoint

from ..command_line import check_writable
from ..single_expert import export_expert
from ..tool_errors import exit_status
from ..trained import TrainedModel, load_trained
from .card import write_folder
from .facts import Facts, facts_of
from .formats import TRIED, example, write_onnx, write_torch
from .graph import ProbabilityModel, check_equal

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
        cfg, weights = trained.cfg, trained.model.state_dict()
        if args.expert is not None:
            cfg, weights = one_expert(trained, args.checkpoint, args.expert)
        write_folder(args.out, cfg, weights, facts, args.checkpoint)
        print(f'weights, config and model card are in {args.out}')
        return
    graph = graph_of(trained, args.checkpoint, args.expert, facts)
    difference = GRAPHS[args.to](graph, facts, args.out)
    print(f'{args.out}: scores differ by {difference:.1e} at most from those of the model')


def one_expert(
    trained: TrainedModel, checkpoint: str | Path, expert: int
) -> tuple[Config, dict[str, Tensor]]:
    """Config and weights of an expert as a plain classifier."""
    state = load_local_checkpoint(checkpoint, map_location='cpu')['state_dict']
    return export_expert(trained.cfg, state, expert)


def graph_of(
    trained: TrainedModel, checkpoint: str | Path, expert: int | None, facts: Facts
) -> ProbabilityModel:
    """The graph of the model, or of one expert without the others.

    Raises:
        ValueError: If it cannot be exported, or gives other scores than the model.
    """
    if expert is None:
        return ProbabilityModel(trained.model, facts.size, facts.channels)
    cfg, weights = one_expert(trained, checkpoint, expert)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        plain = MODELS.build(cfg.model)
    plain.load_state_dict(weights)
    graph, images = ProbabilityModel(plain.eval(), facts.size, facts.channels), example(facts, TRIED)
    with torch.no_grad():
        expected = [sample.pred_score for sample in trained.model(images, mode='predict')]
        check_equal(f'expert {expert} alone', graph(images), torch.stack(expected))
    return graph


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: export(args))
