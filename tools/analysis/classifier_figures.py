"""Draw what classifiers make of each class, from head to tail: scores, lengths of weights, features.

    python tools/analysis/classifier_figures.py accuracy work_dirs/ce work_dirs/gcl --names CE GCL --out accuracy.png
    python tools/analysis/classifier_figures.py weights ce.py ce.pth gcl.py gcl.pth --relative --out weights.png
    python tools/analysis/classifier_figures.py tsne CONFIG CHECKPOINT --per-class 100 --out features.png
    python tools/analysis/classifier_figures.py tsne CONFIG CHECKPOINT --part train --out training.png

``accuracy`` reads what the metric writes with ``dump_per_class=True``: a JSON file, or a work dir, whose latest is
taken. ``weights`` is Fig. 2 of Kang et al. (ICLR 2020); a cosine classifier ignores the lengths of its own. ``tsne``
draws images of the test set, or of the training set through the test pipeline (both are Fig. 3 of Li et al., CVPR
2022); of a multi-label set those that show exactly one of the chosen classes.
"""

import argparse
import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import pseudo_collate
from mmpretrain.registry import DATASETS, MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from mmlongtail.analysis import embedding
from mmlongtail.analysis.sources import read_checkpoint, read_dump, read_per_class
from mmlongtail.analysis.trained_models import (
    config_groups,
    load_model,
    load_weights,
    read_config,
)
from mmlongtail.apis import figure_tool
from mmlongtail.datasets.wrappers import ResampledDataset, innermost
from mmlongtail.evaluation.metrics import LongTailMultiLabelMetric, LongTailSingleLabelMetric
from mmlongtail.models.heads.cosine_head import CosineLinear
from mmlongtail.models.heads.weight_scaling_head import ScaledLinear
from mmlongtail.structures import ClassStatistics, image_labels
from mmlongtail.visualization import classifier_figures as figures


def make_parser() -> argparse.ArgumentParser:
    """The options of each figure."""
    parser = figure_tool.make_parser(__doc__)
    figure = parser.add_subparsers(required=True, metavar='FIGURE')
    accuracy = figure.add_parser('accuracy', help='accuracy or AP of each class, several runs')
    accuracy.add_argument('runs', nargs='+', type=Path, metavar='RUN', help='JSON file or work dir')
    accuracy.add_argument(
        '--edges', nargs=2, type=int, default=(20, 100), help='training images where groups end'
    )
    accuracy.add_argument('--style', choices=['bars', 'lines'], help='bars while they are few')
    weights = figure.add_parser('weights', help='lengths of class weights, several checkpoints')
    weights.add_argument('files', nargs='+', type=Path, metavar='CONFIG CHECKPOINT')
    weights.add_argument('--relative', action='store_true', help='divide by the mean of a classifier')
    for sub in (accuracy, weights):
        sub.add_argument('--names', nargs='+', help='of the runs (default: of files or work dirs)')
    tsne = figure.add_parser('tsne', help='t-SNE of the features of images')
    tsne.add_argument('config', type=Path)
    tsne.add_argument('checkpoint', type=Path)
    tsne.add_argument(
        '--classes', nargs='+', help='names (default: 4 most frequent, 3 of the middle, 3 rarest)'
    )
    tsne.add_argument('--part', choices=['test', 'train'], default='test', help='which images')
    tsne.add_argument('--per-class', type=int, default=100, help='images of a class at most')
    tsne.add_argument('--perplexity', type=float, default=30)
    tsne.add_argument('--metric', choices=['euclidean', 'cosine'], default='euclidean', help='distance')
    tsne.add_argument('--seed', type=int, default=0, help='of the choice of images and of t-SNE')
    tsne.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings to override, as key=value'
    )
    for sub, draw in ((accuracy, draw_accuracy), (weights, draw_weights), (tsne, draw_tsne)):
        figure_tool.add_figure(sub, draw)
    return parser


def draw_accuracy(args: argparse.Namespace):
    files = [find_dump(run) for run in args.runs]
    names = distinct(
        args.names or [run.resolve().name if run.is_dir() else run.stem for run in args.runs], files
    )
    content = read_dump(files[0])
    kinds = (LongTailSingleLabelMetric, LongTailMultiLabelMetric)
    kind = next((metric for metric in kinds if metric.dump_key in content), None)
    if kind is None:
        raise ValueError(
            f'{files[0]} has no {" or ".join(m.dump_key for m in kinds)}, only {sorted(content)}'
        )
    statistics, values = read_per_class(files, kind.dump_key)
    groups = replace(kind.preset, edges=args.edges)
    return figures.score_figure(dict(zip(names, values)), statistics, kind.score, args.style, groups=groups)


def draw_weights(args: argparse.Namespace):
    if len(args.files) % 2:
        raise ValueError(f'need a config and a checkpoint in turn, got {list(map(str, args.files))}')
    pairs = list(zip(args.files[::2], args.files[1::2]))
    names = distinct(args.names or [config.stem for config, _ in pairs], pairs)
    runs, known = {}, []
    for name, (config, checkpoint) in zip(names, pairs):
        known.append(read_checkpoint(checkpoint)[0])
        if not np.array_equal(known[0].class_counts, known[-1].class_counts):
            raise ValueError(f'{checkpoint} and {pairs[0][1]} differ in class_counts: nothing to compare')
        runs |= class_norms(name, read_config(config), checkpoint)
    groups = config_groups(read_config(pairs[0][0]))
    return figures.norm_figure(runs, known[0], args.relative, groups=groups)


def draw_tsne(args: argparse.Namespace):
    cfg = read_config(args.config, args.cfg_options)
    statistics, _ = read_checkpoint(args.checkpoint)
    dataset = build_images(cfg, args.part)
    if (shown := tuple(dataset.metainfo.get('classes', ()))) != statistics.classes:
        raise ValueError(
            f'{args.config}: the {args.part} set has the classes {list(shown)}, {args.checkpoint} has '
            f'{list(statistics.classes)}'
        )
    chosen = class_indices(args.classes, statistics)
    images, labels = embedding.choose_images(image_labels(dataset), chosen, args.per_class, args.seed)
    feats = features(cfg, args.checkpoint, Subset(dataset, images.tolist()))
    points = embedding.embed(feats, args.seed, args.perplexity, args.metric)
    title = args.config.stem + (', training images' if args.part == 'train' else '')
    return figures.tsne_figure(points, labels, statistics, title, groups=config_groups(cfg))


def build_images(cfg: Config, part: str):
    """The images of a part, each once, in their order and through the test pipeline."""
    config = deepcopy(cfg[f'{part}_dataloader'].dataset)
    innermost(config).pipeline = innermost(cfg.test_dataloader.dataset).get('pipeline', [])
    dataset = DATASETS.build(config)
    return dataset.dataset if isinstance(dataset, ResampledDataset) else dataset


def find_dump(run: Path) -> Path:
    """The file of per-class scores itself, or the latest of a work dir."""
    if run.is_file():
        return run
    if found := sorted(run.glob('per_class_*.json')) or sorted(run.glob('*/per_class_*.json')):
        return found[-1]
    raise FileNotFoundError(
        f'{run} has no per_class_*.json: train or test with --cfg-options test_evaluator.dump_per_class=True '
        '(test_evaluator.metric.dump_per_class=True of a PerExpertMetric)'
    )


def distinct(names: Sequence[str], runs: Sequence) -> Sequence[str]:
    """The names, if each run has one of its own."""
    if len(set(names)) != len(runs) or len(names) != len(runs):
        raise ValueError(f'need a name of its own for each of {len(runs)} runs (--names), got {list(names)}')
    return names


def class_indices(names: Sequence[str] | None, statistics: ClassStatistics) -> list[int]:
    """Of the named classes, or of the default choice."""
    if not names:
        return embedding.choose_classes(statistics.class_counts).tolist()
    unknown = [name for name in names if name not in statistics.classes]
    if unknown or len(set(names)) < len(names):
        raise ValueError(f'--classes is {names}, expected different ones of {list(statistics.classes)}')
    return [statistics.classes.index(name) for name in names]


@torch.no_grad()
def class_norms(name: str, cfg: Config, checkpoint: Path) -> dict[str, np.ndarray]:
    """Lengths of the class weights, (K,), of each classifier that the head has."""
    head = load_weights(MODELS.build(cfg.model.head), checkpoint, 'head.')
    norms = [weight.float().norm(dim=1).numpy() for weight in class_weights(head)]
    if not norms:
        raise ValueError(
            f'{type(head).__name__} of {name} has no class weights, expected a linear classifier'
        )
    if any(isinstance(layer, CosineLinear) for layer in head.modules()):
        name += ', cosine'
    return {f'{name}, branch {i}': n for i, n in enumerate(norms)} if norms[1:] else {name: norms[0]}


def class_weights(head: nn.Module) -> list[Tensor]:
    """(K, D) of each linear layer that scores the classes, times the factors that were learned for them."""
    if hasattr(head, 'class_weights'):  # made from the class graph
        return [head.class_weights()]
    factors = {m.layer: m.scale[:, None] for m in head.modules() if isinstance(m, ScaledLinear)}
    layers = [m for m in head.modules() if isinstance(m, nn.Linear) and m.out_features == head.num_classes]
    return [
        nn.functional.normalize(layer.weight, dim=1) * factors[layer]
        if layer in factors and isinstance(layer, CosineLinear)  # factors of cosines
        else layer.weight * factors.get(layer, 1)
        for layer in layers
    ]


@torch.no_grad()
def features(cfg: Config, checkpoint: Path, dataset: Subset) -> np.ndarray:
    """What the classifier gets of each image, (N, D); branches side by side."""
    model = load_model(cfg, checkpoint)
    loader = DataLoader(dataset, cfg.test_dataloader.batch_size, collate_fn=pseudo_collate)
    rows = []
    for batch in loader:
        data = model.data_preprocessor(batch, False)
        rows.append(model.extract_feat(data['inputs'], stage='pre_logits').float())
    return torch.cat(rows).numpy()


def main(argv: Sequence[str] | None = None) -> int:
    """Draw; ``argv`` defaults to the command line's arguments."""
    return figure_tool.run(make_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
