"""Time an epoch's order of our samplers against MMEngine's DefaultSampler, on labels of iNaturalist 2018's size.

python tools/benchmarks/sampler_speed.py
"""

import statistics
import time

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
from mmengine.dataset import DefaultSampler

from mmlongtail.datasets.samplers import (
    CBENSampler,
    ClassAwareSampler,
    ClassBalancedSampler,
    EffectiveNumberSampler,
    InstanceBalancedSampler,
    ProgressivelyBalancedSampler,
    SquareRootSampler,
    UniformSampler,
)

IMAGES, CLASSES, ROUNDS = 437_513, 8_142, 7
WEIGHTED = (
    InstanceBalancedSampler,
    ClassBalancedSampler,
    SquareRootSampler,
    EffectiveNumberSampler,
    CBENSampler,
)


class Labels:
    """One label per image, with a power-law tail of 2 to 1,000 images a class."""

    def __init__(self) -> None:
        decay = np.arange(1, CLASSES + 1) ** -0.33
        counts = np.clip(decay / decay.sum() * IMAGES, 2, 1000).astype(int)
        each = np.append(
            np.repeat(np.arange(CLASSES), counts), np.arange(max(0, IMAGES - counts.sum())) % CLASSES
        )
        self.labels, self.metainfo = each[:IMAGES], dict(classes=tuple(range(CLASSES)))

    def __len__(self) -> int:
        return IMAGES

    def get_cat_ids(self, index: int) -> list[int]:
        return [self.labels[index]]


def main() -> None:
    """Print the median seconds of each and its ratio to DefaultSampler's, from interleaved rounds."""
    dataset = Labels()
    samplers = dict(
        DefaultSampler=DefaultSampler(dataset, seed=0),
        UniformSampler=UniformSampler(dataset, seed=0),
        ClassAwareSampler=ClassAwareSampler(dataset, reduce=18, seed=0),
        ProgressivelyBalancedSampler=ProgressivelyBalancedSampler(dataset, num_epochs=ROUNDS, seed=0),
    )
    for kind in WEIGHTED:
        samplers[kind.__name__] = kind(dataset, seed=0)
    seconds: dict[str, list[float]] = {name: [] for name in samplers}
    for epoch in range(ROUNDS):
        for name, sampler in samplers.items():
            sampler.set_epoch(epoch)
            start = time.perf_counter()
            iter(sampler)
            seconds[name].append(time.perf_counter() - start)
    base = seconds['DefaultSampler']
    print(f'{"sampler":28} {"draws":>8} {"median s":>9} {"over DefaultSampler":>20}')
    for name, times in seconds.items():
        ratio = statistics.median(t / b for t, b in zip(times, base))
        print(f'{name:28} {len(samplers[name]):8d} {statistics.median(times):9.3f} {ratio:20.2f}')


if __name__ == '__main__':
    main()
