"""Peak memory of forward and backward pass of every loss at many classes, in copies of the logits.

    python tools/benchmarks/loss_memory.py                                   # 64 images x 8,142 classes
    python tools/benchmarks/loss_memory.py --images 256 --classes 20000

The floor are three arrays as large as the logits: these, their gradient and one that a loss keeps in between, since the
gradient of a softmax or a sigmoid is to be computed from it. Targets of several labels are given and count for nobody.
"over PyTorch" is the ratio to `F.cross_entropy` or `F.binary_cross_entropy_with_logits` on the same. Allocations are
those that PyTorch's profiler sees, of a second step, so that what a loss keeps from step to step is there already.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import accumulate

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import torch
import torch.nn.functional as F
from loss_speed import MULTI_LABEL, SINGLE_LABEL, build
from torch import Tensor

FLOOR = 3  # copies of the logits


def peak_copies(loss: Callable, logits: Tensor, targets: Tensor) -> float:
    """What a step allocates at most, beyond what was before, over the size of the logits."""
    step(loss, logits, targets)
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as seen:
        step(loss, logits, targets)
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == '[memory]']
    events.sort(key=lambda event: event.start_ns())
    return max(accumulate((event.nbytes() for event in events), initial=0)) / logits.nbytes


def step(loss: Callable, logits: Tensor, targets: Tensor) -> None:
    """Forward and backward pass; the logits are copied, so that they count."""
    loss(logits.clone().requires_grad_(), targets).backward()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=int, default=64)
    parser.add_argument('--classes', type=int, default=8142)
    args = parser.parse_args()
    shape = args.images, args.classes
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator)
    ids = torch.randint(args.classes, shape[:1], generator=generator)
    marks = (torch.rand(shape, generator=generator) < 3 / args.classes).float()
    print(f'{"copies of the logits":38}{"peak":>8}{"over floor":>12}{"over PyTorch":>14}')
    torch_losses = F.cross_entropy, F.binary_cross_entropy_with_logits
    for plain, table, targets in zip(torch_losses, (SINGLE_LABEL, MULTI_LABEL), (ids, marks)):
        losses = {plain.__name__[:36]: plain} | {n: build(n, s, args.classes) for n, s in table.items()}
        base = peak_copies(plain, logits, targets)
        for name, loss in losses.items():
            peak = peak_copies(loss, logits, targets)
            print(f'{name:38}{peak:8.2f}{peak / FLOOR:12.2f}{peak / base:14.2f}')


if __name__ == '__main__':
    main()
