"""Step time of collaborative training over the sum of its parts and over a naive version with four forwards.

One step takes B images of each of two streams, forward and backward. The collaborative model runs trunk and
branches once each on 2 B images; its parts are the trunk and each branch alone on 2 B images; the naive
version runs the whole network four times, each branch on each stream. Ratios are medians over interleaved
rounds, so a busy machine slows all three alike (set OMP_NUM_THREADS=1 there).

    python tools/benchmarks/collaborative_step.py       # ResNet-50 on a CPU, about 1 min
    python tools/benchmarks/collaborative_step.py --device cuda --batch 32 --size 224
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from copy import deepcopy
from statistics import median

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

import mmlongtail  # noqa: F401  registers the model

CLASSES = 20
STREAMS = ('uniform', 'rebalanced')
TARGETS = {
    'collaborative / sum of its parts': ('at most', 1.05),
    'four forwards / collaborative': ('at least', 1.4),
}


class Versions:
    """The collaborative step, its parts and the naive step, on the same weights and images."""

    def __init__(self, depth: int, batch: int, size: int, device: str):
        self.model = build_model(depth).to(device).train()
        self.images = torch.randn(2 * batch, 3, size, size, device=device)
        self.targets = torch.randint(2, (2 * batch, CLASSES), device=device).float()
        self.streams = [name for name in STREAMS for _ in range(batch)]
        # The copy shares every weight; only its last stage is left out.
        weights = {id(p): p for p in self.model.backbone.parameters()}
        self.trunk = deepcopy(self.model.backbone, weights)
        self.trunk.layer4 = nn.Identity()

    def collaborative(self) -> Tensor:
        """Losses of one trunk pass and one pass per branch."""
        return self.total(self.model(self.images)[:, 0])  # of one view

    def four_forwards(self) -> Tensor:
        """Losses of each branch on each stream, the trunk run anew each time."""
        streams = self.images.chunk(2)
        logits = [torch.cat([self.branch(i, self.trunk(images)[-1]) for images in streams]) for i in range(2)]
        return self.total(torch.stack(logits))

    def parts(self) -> None:
        """Trunk and branches apart, each with its own backward pass."""
        features = self.trunk(self.images)[-1]
        features.backward(torch.ones_like(features))
        for i in range(2):
            logits = self.branch(i, features.detach().requires_grad_())
            logits.backward(torch.ones_like(logits))

    def branch(self, i: int, features: Tensor) -> Tensor:
        """Logits (B, K) of the i-th branch alone on the trunk's features (B, C, H, W)."""
        return self.model.head.fcs[i](self.model.neck(self.model.backbone.layer4.branches[i](features)))

    def total(self, logits: Tensor) -> Tensor:
        """The loss of eq. (3), of logits (2, 2 B, K)."""
        losses = self.model.head.loss_module(logits, self.targets, self.streams)
        return self.model.parse_losses(losses)[0]

    def check(self) -> None:
        """Raise AssertionError unless both versions give one loss (without batch statistics)."""
        self.model.eval(), self.trunk.eval()
        with torch.no_grad():
            torch.testing.assert_close(self.collaborative(), self.four_forwards(), rtol=1e-3, atol=1e-4)
        self.model.train(), self.trunk.train()


def build_model(depth: int) -> nn.Module:
    """The model of configs/collab with a ResNet of the given depth and random weights."""
    channels = 512 if depth < 50 else 2048
    loss = dict(
        type='CollaborativeLoss',
        streams=[[name] for name in STREAMS],
        classification=dict(
            type='CompensatedBCELoss', num_classes=CLASSES, class_counts=[10] * CLASSES, num_images=100
        ),
        consistency=dict(type='LogitConsistencyLoss', loss_weight=0.1),
    )
    head = dict(type='MultiBranchHead', num_classes=CLASSES, in_channels=channels, loss=loss)
    return MODELS.build(
        dict(
            type='MultiBranchClassifier',
            branch_modules=['backbone.layer4'],
            backbone=dict(type='ResNet', depth=depth),
            neck=dict(type='GlobalAveragePooling'),
            head=head,
        )
    )


def seconds(step: Callable[[], Tensor | None], model: nn.Module, device: str) -> float:
    """Wall time of one step with its backward pass."""
    model.zero_grad()
    synchronize(device)
    start = time.perf_counter()
    loss = step()
    if loss is not None:
        loss.backward()
    synchronize(device)
    return time.perf_counter() - start


def synchronize(device: str) -> None:
    """Wait for the device's queue, where it has one."""
    if device.startswith('cuda'):
        torch.cuda.synchronize()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--depth', type=int, default=50, help='of the ResNet')
    parser.add_argument('--batch', type=int, default=4, help='images per stream')
    parser.add_argument('--size', type=int, default=128, help='side of the images in pixels')
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args()
    versions = Versions(args.depth, args.batch, args.size, args.device)
    versions.check()
    steps = (versions.collaborative, versions.parts, versions.four_forwards)
    times = []
    for i in range(args.rounds + 2):
        shift = i % 3  # each version takes each place in the round
        order = steps[shift:] + steps[:shift]
        measured = {step.__name__: seconds(step, versions.model, args.device) for step in order}
        if i >= 2:  # the first rounds warm up
            times.append(measured)
    print(
        f'ResNet-{args.depth}, 2 x {args.batch} images of {args.size} px, {args.device}, {args.rounds} rounds'
    )
    for step in steps:
        print(f'{step.__name__:34}{1000 * median(t[step.__name__] for t in times):9.1f} ms')
    ratios = (
        [t['collaborative'] / t['parts'] for t in times],
        [t['four_forwards'] / t['collaborative'] for t in times],
    )
    for (name, (word, target)), values in zip(TARGETS.items(), ratios):
        print(f'{name:34}{median(values):9.3f}     target: {word} {target}')


if __name__ == '__main__':
    main()
