"""What several experts and copies cost, beside plain networks: Table 5 of NCL++ (Tan et al., 2023) and more.

    python tools/benchmarks/expert_cost.py configs/ncl/cifar100_lt_if100_ce.py configs/ncl/cifar100_lt_if100.py
    python tools/benchmarks/expert_cost.py CE_CONFIG NCL_CONFIG --image-size 224 --batch-size 64 --device cuda

Parameters in millions and multiply-adds in G, as MMEngine counts them: of a training step's forward pass per image with
all its copies, and of a test by one expert and by all. A training step goes from raw random images on the device to the
changed weights, augmentation of whole batches included. The configs take turns in each round, so that a busy machine
slows all; images/s are medians, and so are the ratios to the first config's. Memory is a step's peak on a GPU, and on a
CPU what a forward pass keeps for the backward pass, without weights.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from statistics import median

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.analysis.trained_models import read_config
from mmlongtail.apis.single_expert import plain_model
from mmlongtail.structures import ClassStatistics

SIZES = ('crop_size', 'scale', 'size')
SGD = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9))


class Training:
    """A config's model and a training step of it on one batch of random images.

    Args:
        path: Of the config.
        args: Command line's arguments.

    Raises:
        ValueError: If the config does not say the size of its images, and ``--image-size`` is not given.
    """

    def __init__(self, path: str, args: argparse.Namespace):
        cfg = read_config(path, args.cfg_options)
        if cfg.get('data_preprocessor'):
            cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
        self.name, self.device, self.batch_size = Path(path).stem, args.device, args.batch_size
        self.size = args.image_size or image_size(cfg, path)
        self.model = MODELS.build(deepcopy(cfg.model)).train()
        self.experts = [MODELS.build(deepcopy(c)) for c in single_experts(cfg, self.model)]
        give_statistics(self.model)
        wrapper = dict(cfg.get('optim_wrapper', SGD), accumulative_counts=1)  # each step changes the weights
        self.before = allocated(self.device)
        self.model.to(self.device)
        self.optimizer = build_optim_wrapper(self.model, wrapper)
        self.data = random_batch(self.model, args.batch_size, self.size, self.device)

    @property
    def copies(self) -> int:
        """Rows of the training batch per image."""
        return getattr(self.model.data_preprocessor, 'num_views', 1)

    def complexity(self) -> dict[str, float]:
        """Parameters and multiply-adds, see the table's columns; None for one expert where there are none."""
        one = [complexity(expert, self.size) for expert in self.experts]
        flops, params = complexity(self.model, self.size)
        return {
            'parameters (M)': params / 1e6,
            'of one expert (M)': sum(p for _, p in one) / len(one) / 1e6 if one else None,
            'training (G)': self.copies * flops / 1e9,
            'test, one expert (G)': sum(f for f, _ in one) / len(one) / 1e9 if one else None,
            'test, ensemble (G)': flops / 1e9,
        }

    def step(self) -> None:
        """From raw images to changed weights."""
        self.model.train_step(deepcopy(self.data), self.optimizer)

    def seconds(self) -> float:
        """Wall time of a step."""
        synchronize(self.device)
        start = time.perf_counter()
        self.step()
        synchronize(self.device)
        return time.perf_counter() - start

    def memory(self) -> float:
        """MiB, of the peak of a step on a GPU or of what is kept for the backward pass on a CPU."""
        if not self.device.startswith('cuda'):
            return saved_bytes(self.forward, self.model) / 2**20
        self.step()  # the optimizer's state
        torch.cuda.reset_peak_memory_stats(self.device)
        self.step()
        return (torch.cuda.max_memory_allocated(self.device) - self.before) / 2**20

    def forward(self) -> dict[str, Tensor]:
        """The losses."""
        return self.model(**self.model.data_preprocessor(deepcopy(self.data), True), mode='loss')


def image_size(cfg: Config, path: str) -> int:
    """Side of the training images in pixels: of the last transform that has a size, or CIFAR's."""
    dataset = cfg.train_dataloader.dataset
    sizes = [value for key, value in walk(dataset) if key in SIZES and isinstance(value, (int, tuple, list))]
    if sizes:
        return sizes[-1] if isinstance(sizes[-1], int) else sizes[-1][0]
    if any(key == 'type' and str(value).startswith('CIFAR') for key, value in walk(dataset)):
        return 32
    raise ValueError(f'{path}: train_dataloader has no transform with {", ".join(SIZES)}: give --image-size')


def walk(node) -> Iterator[tuple]:
    """Every key and value in a nested config, in order."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from walk(child)


def single_experts(cfg: Config, model: nn.Module) -> list[dict]:
    """Config of each expert alone; of a plain network itself; none for other branches."""
    if cfg.model.type == 'MultiExpertClassifier':
        return [plain_model(cfg, i) for i in range(model.num_branches)]
    return [] if hasattr(model, 'num_branches') else [cfg.model]


def give_statistics(model: nn.Module) -> None:
    """Serve the losses that need class counts with made-up ones."""
    counts = np.arange(model.head.num_classes, 0, -1)
    ClassStatistics(counts, int(counts.sum())).hand_to(model.modules())


def random_batch(model: nn.Module, batch_size: int, size: int, device: str) -> dict:
    """Raw images and labels."""
    num_classes = model.head.num_classes
    channels = getattr(model.data_preprocessor, 'mean', torch.zeros(3)).numel()
    several = getattr(model.head, 'multi_label', isinstance(model.head, MultiLabelClsHead))
    inputs = torch.randint(256, (batch_size, channels, size, size), dtype=torch.uint8, device=device)
    labels = torch.randint(num_classes, (batch_size, 1), device=device)
    labels = torch.cat([labels, (labels + 1) % num_classes], dim=1) if several else labels
    return dict(inputs=inputs, data_samples=[DataSample().set_gt_label(label) for label in labels])


def complexity(model: nn.Module, size: int) -> tuple[int, int]:
    """Multiply-adds of a forward pass of one image, and parameters."""
    channels = getattr(model.data_preprocessor, 'mean', torch.zeros(3)).numel()
    training, logger = model.training, MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel('ERROR')  # it names every kind of layer that it does not count
    with torch.no_grad():
        found = get_model_complexity_info(
            model.eval(), (channels, size, size), show_table=False, show_arch=False
        )
    logger.setLevel(level)
    model.train(training)
    return found['flops'], found['params']


def saved_bytes(forward: Callable[[], object], module: nn.Module) -> int:
    """Bytes that a forward pass keeps for its backward pass, each storage once, without the module's parameters."""
    known = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept: dict[int, Tensor] = {}  # which keeps them alive, so that no address is taken twice

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.detach()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(t.untyped_storage().nbytes() for address, t in kept.items() if address not in known)


def allocated(device: str) -> int:
    """Bytes in use on a GPU."""
    return torch.cuda.memory_allocated(device) if device.startswith('cuda') else 0


def synchronize(device: str) -> None:
    """Wait for the device's queue, where it has one."""
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)


def interleaved(trainings: Sequence[Training], rounds: int) -> list[list[float]]:
    """Seconds of a step, a list for each round; each training takes each place in a round."""
    times = []
    for i in range(rounds + 1):
        shift = i % len(trainings)
        order = [*range(len(trainings))][shift:] + [*range(len(trainings))][:shift]
        measured = {place: trainings[place].seconds() for place in order}
        if i:  # the first round warms up
            times.append([measured[place] for place in range(len(trainings))])
    return times


def table(rows: Sequence[dict]) -> str:
    """Rows in Markdown."""
    lines = [list(rows[0]), ['---', *['---:'] * (len(rows[0]) - 1)]]
    lines += [[cell(value) for value in row.values()] for row in rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def cell(value) -> str:
    """Four digits of a number."""
    if not isinstance(value, float):
        return '–' if value is None else str(value)
    return f'{value:.4g}' if value < 1000 else f'{value:,.0f}'


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='ratios are to the first')
    parser.add_argument('--image-size', type=int, help="side in pixels (default: the config's)")
    parser.add_argument('--batch-size', type=int, default=64, help='images, before they are copied')
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--device', default='cpu')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings to override, as key=value'
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print the table; ``argv`` defaults to the command line's arguments."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if min(args.rounds, args.batch_size) < 1:
        parser.error(f'--rounds {args.rounds} and --batch-size {args.batch_size}: expected numbers >= 1')
    kind = 'step, peak (MiB)' if args.device.startswith('cuda') else 'kept for backward (MiB)'
    rows, trainings = [], []
    try:
        for path in args.configs:
            training = Training(path, args)
            trainings.append(training)
            shape = dict(config=training.name, experts=len(training.experts) or None, copies=training.copies)
            rows.append(
                dict(shape, pixels=training.size, **training.complexity(), **{kind: training.memory()})
            )
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    times = interleaved(trainings, args.rounds)
    for i, row in enumerate(rows):
        row['images/s'] = args.batch_size / median(t[i] for t in times)
        row['ratio'] = median(t[0] / t[i] for t in times)
    print(f'batches of {args.batch_size} images, {args.device}, {args.rounds} rounds')
    print(table(rows))


if __name__ == '__main__':
    main()
