"""How time and memory grow with the number of classes K: losses, metrics, samplers, class statistics.

    python tools/benchmarks/growth.py                                    # K = 20, 200, 2,000, 20,000
    python tools/benchmarks/growth.py --classes 1000 10000 --rounds 9

Times are the process's own seconds, the least of the rounds. The exponent is that of the last step, ``log(t2 / t1) /
log(K2 / K1)``: 1 is linear growth, and more than 1.15 is marked. Losses and metrics have a fixed number of images;
samplers and statistics a fixed number of labels, so that their growth should be below 1. A loss's memory is what it
keeps for the backward pass, in float32 copies of the logits.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Callable, Iterator

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from expert_cost import saved_bytes
from loss_speed import MULTI_LABEL, SINGLE_LABEL, build
from mmengine.logging import MMLogger
from sampler_speed import Labels, make_samplers

from mmlongtail.evaluation import LongTailMultiLabelMetric, LongTailSingleLabelMetric
from mmlongtail.structures import ClassStatistics

BATCH, TESTED, LABELS = 64, 500, 200_000  # images of a loss, of a metric, of samplers and statistics
WORST = 1.15


def losses(num_classes: int) -> Iterator[tuple[str, Callable[[], object], float]]:
    """Forward and backward pass of every loss, and copies of the logits that it keeps."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(BATCH, num_classes, generator=generator)
    ids = torch.randint(num_classes, (BATCH,), generator=generator)
    marks = (torch.rand(BATCH, num_classes, generator=generator) < 3 / num_classes).float()
    for table, targets in ((SINGLE_LABEL, ids), (MULTI_LABEL, marks)):
        for name, settings in table.items():
            loss = build(name, settings, num_classes)

            def step(loss=loss, targets=targets) -> None:
                loss(logits.clone().requires_grad_(), targets).backward()

            def forward(loss=loss, targets=targets) -> None:
                loss(logits.clone().requires_grad_(), targets)

            yield name, step, saved_bytes(forward, loss) / logits.nbytes


def metrics(num_classes: int) -> Iterator[tuple[str, Callable[[], object], float]]:
    """What the metrics compute at the end of a test."""
    rng, counts = np.random.default_rng(0), range(num_classes, 0, -1)
    scores = torch.from_numpy(rng.random((TESTED, num_classes), dtype=np.float32))
    marks = torch.from_numpy(rng.random((TESTED, num_classes)) < 3 / num_classes)
    results = [*zip(scores, marks)]
    several, single = LongTailMultiLabelMetric(counts), LongTailSingleLabelMetric(counts)
    yield 'LongTailMultiLabelMetric', lambda: several.compute_metrics(results), math.nan
    samples = [
        dict(pred_score=score, gt_label=torch.tensor([i % num_classes])) for i, score in enumerate(scores)
    ]

    def of_one_label() -> None:
        single.results.clear()
        single.process(None, samples)
        single.compute_metrics(single.results)

    yield 'LongTailSingleLabelMetric', of_one_label, math.nan


def orders(num_classes: int) -> Iterator[tuple[str, Callable[[], object], float]]:
    """The class counts, and an epoch's order of every sampler."""
    labels = Labels(LABELS, num_classes)
    yield 'ClassStatistics', lambda: ClassStatistics.from_dataset(labels), math.nan
    for name, sampler in make_samplers(labels, 2).items():
        yield name, lambda sampler=sampler: next(iter(sampler)), math.nan


def least_seconds(work: Callable[[], object], rounds: int) -> float:
    """Of the process, after a round that warms up."""
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--classes', type=int, nargs='+', default=[20, 200, 2_000, 20_000])
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    MMLogger.get_current_instance().setLevel(logging.ERROR)
    print(f'{"ms, K =":38}' + ''.join(f'{k:>10,}' for k in args.classes) + f'{"exponent":>10}{"copies":>8}')
    for family in (losses, metrics, orders):
        rows: dict[str, list[float]] = {}
        copies = {}
        for num_classes in args.classes:
            for name, work, kept in family(num_classes):
                rows.setdefault(name, []).append(least_seconds(work, args.rounds))
                copies[name] = kept
        for name, times in rows.items():
            power = math.log(times[-1] / times[-2]) / math.log(args.classes[-1] / args.classes[-2])
            kept = '' if math.isnan(copies[name]) else f'{copies[name]:8.1f}'
            mark = ' worse than linear' if power > WORST else ''
            print(f'{name:38}' + ''.join(f'{1000 * t:10.2f}' for t in times) + f'{power:10.2f}{kept}{mark}')


if __name__ == '__main__':
    main()
