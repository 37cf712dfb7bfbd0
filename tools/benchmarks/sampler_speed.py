"""Time and peak memory of an epoch's order of our samplers beside MMEngine's DefaultSampler.

    python tools/benchmarks/sampler_speed.py                                      # as large as iNaturalist 2018
    python tools/benchmarks/sampler_speed.py --images 10000000 --classes 10000 --rounds 1

The rounds of all take turns; the median of the processor's seconds of each is compared. Memory is what an order takes
beyond the labels and what the sampler keeps, counted in a round of its own.
"""

import argparse
import statistics
import time
import tracemalloc

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
from mmengine.dataset import DefaultSampler

from mmlongtail.datasets import samplers as ours


class Labels:
    """One label per image, with a power-law tail."""

    def __init__(self, num_images: int, num_classes: int) -> None:
        share = np.arange(1, num_classes + 1) ** -0.33
        ends = np.round(np.cumsum(share) / share.sum() * num_images)
        self.labels = np.searchsorted(ends, np.arange(num_images), side='right')
        self.metainfo = dict(classes=tuple(range(num_classes)))

    def __len__(self) -> int:
        return len(self.labels)

    def image_labels(self) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(self.labels)), self.labels


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=int, default=437_513)
    parser.add_argument('--classes', type=int, default=8_142)
    parser.add_argument('--rounds', type=int, default=7)
    return parser.parse_args()


def make_samplers(dataset: Labels, rounds: int) -> dict:
    """The samplers to compare, by name."""
    kinds = (
        ours.UniformSampler,
        ours.InstanceBalancedSampler,
        ours.ClassBalancedSampler,
        ours.SquareRootSampler,
        ours.EffectiveNumberSampler,
        ours.CBENSampler,
    )
    return dict(
        DefaultSampler=DefaultSampler(dataset, seed=0),
        ClassAwareSampler=ours.ClassAwareSampler(dataset, reduce='auto', seed=0),
        ProgressivelyBalancedSampler=ours.ProgressivelyBalancedSampler(dataset, num_epochs=rounds, seed=0),
    ) | {kind.__name__: kind(dataset, seed=0) for kind in kinds}


def first_draw(sampler, epoch: int) -> float:
    """Seconds until a sampler's first draw of an epoch, for which it needs the order of all."""
    sampler.set_epoch(epoch)
    start = time.process_time()
    next(iter(sampler))
    return time.process_time() - start


def peak_megabytes(sampler) -> float:
    """Memory that an order takes at most."""
    tracemalloc.start()
    first_draw(sampler, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Print the median seconds of each, its ratio to DefaultSampler's and its peak memory."""
    args = parse_args()
    samplers = make_samplers(Labels(args.images, args.classes), args.rounds)
    seconds = {name: [] for name in samplers}
    for epoch in range(args.rounds):
        for name, sampler in samplers.items():
            seconds[name].append(first_draw(sampler, epoch))
    base = seconds['DefaultSampler']
    print(f'{"sampler":28} {"draws":>9} {"median s":>9} {"over DefaultSampler":>20} {"peak MB":>8}')
    for name, times in seconds.items():
        ratio = statistics.median(t / b for t, b in zip(times, base))
        median, peak = statistics.median(times), peak_megabytes(samplers[name])
        print(f'{name:28} {len(samplers[name]):9d} {median:9.3f} {ratio:20.2f} {peak:8.0f}')


if __name__ == '__main__':
    main()
