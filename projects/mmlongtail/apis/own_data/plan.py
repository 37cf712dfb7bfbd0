"""Image size, batch, epochs and workers for a set and a machine."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

SMALL_SIDE = 64  # pixels; smaller images gain little from being enlarged further
EPOCHS = ((1_000, 15), (10_000, 8), (100_000, 5), (float('inf'), 3))  # up to so many images: on a CPU
ON_GPU = 3  # times as many
SAMPLED = 50


@dataclass(frozen=True)
class Plan:
    """How a set is trained on.

    Args:
        size: Width and height that images are scaled to.
        batch: Images at once, of each stream.
        epochs: Passes over the training part.
        workers: Processes that read images.
        lr: Learning rate of the classifier; the backbone has a tenth where it has weights already.
        why: Of which machine, in words.
    """

    size: int
    batch: int
    epochs: int
    workers: int
    lr: float
    why: str


def make_plan(
    files: Sequence[str | Path], num_train: int, size: int | None = None, epochs: int | None = None
) -> Plan:
    """Plan by data size and machine.

    A GPU gets images of 224 pixels, a CPU of 160; images that are smaller than 64 themselves 128 and 96. Sets of up
    to 1,000, 10,000 and 100,000 images have 15, 8 and 5 epochs on a CPU and three times as many on a GPU, larger ones
    3 and 9.

    Args:
        files: Image files, of which some are looked at.
        num_train: Training images.
        size: Instead of what is chosen.
        epochs: Instead of what is chosen.
    """
    gpu, cores = torch.cuda.is_available(), available_cores()
    small = median_side(files) < SMALL_SIDE
    if size is None:
        size = (128 if small else 224) if gpu else (96 if small else 160)
    if epochs is None:
        epochs = next(number for most, number in EPOCHS if num_train <= most) * (ON_GPU if gpu else 1)
    batch = int(np.clip(2 ** round(np.log2(max(num_train / 12, 1))), 8, 64 if gpu else 32))
    workers = min(cores, 8) if gpu else min(cores - 1, 2)
    machine = torch.cuda.get_device_name() if gpu else f'{cores} CPU core{"s" * (cores > 1)}'
    return Plan(size, batch, epochs, workers, lr=2e-3, why=machine)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def median_side(files: Sequence[str | Path]) -> float:
    """Median of the shorter sides of some of the images, in pixels, by their headers."""
    some = np.random.default_rng(0).permutation(len(files))[:SAMPLED]
    sides = []
    for i in some:
        with Image.open(Path(files[i])) as picture:
            sides.append(min(picture.size))
    return float(np.median(sides))


def seconds_of(text: str) -> float:
    """Seconds in a span such as ``90s``, ``5m``, ``1.5h``.

    Raises:
        ValueError: If it is none.

    Example:
        >>> seconds_of('5m')
        300.0
    """
    match = re.fullmatch(r'(\d+(?:\.\d+)?)\s*([smh])', text.strip())
    if not match or not float(match[1]):
        raise ValueError(f'--time {text}: a span such as 90s, 5m or 1h is expected')
    return float(match[1]) * dict(s=1, m=60, h=3600)[match[2]]
