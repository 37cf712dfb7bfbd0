"""What metrics of several processes exchange: sums, or each process's part of the classes, and never all scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from mmengine.dist import all_gather_object, all_reduce, get_comm_device, get_dist_info
from torch import Tensor
from torch import distributed as dist

T = TypeVar('T')


def rows_before_padding(number: int, size: int) -> int:
    """How many of this process's rows are of the data set: samplers deal images out in turns and pad the end.

    The first ``size`` rows of all processes, taken in turns, are the data set's, as in MMEngine's ``collect_results``.

    Args:
        number: Rows that this process has.
        size: Images in the data set.
    """
    rank, _ = get_dist_info()
    numbers = np.array(all_gather_object(number))[:, None]
    turns = np.arange(number)
    places = np.minimum(numbers, turns).sum(axis=0) + (numbers[:rank] > turns).sum(axis=0)
    return int((places < size).sum())


def sum_over_ranks(values: np.ndarray) -> np.ndarray:
    """The sum of the processes' arrays, which have one shape and type."""
    total = torch.as_tensor(values, device=get_comm_device()).clone()
    all_reduce(total)
    return total.cpu().numpy()


def same_in_all(function: Callable[[], T]) -> T:
    """What a function returns; where it fails with a ValueError in one process, this error in all.

    Else the others would wait for the one that failed until they are killed.
    """
    answers, message = [], None
    try:
        answers.append(function())
    except ValueError as error:
        message = str(error)
    for told in all_gather_object(message):
        if told is not None:
            raise ValueError(told)
    return answers[0]


def class_shares(num_classes: int) -> list[int]:
    """Bounds of the processes' parts of the classes, of about equal size.

    Example:
        >>> class_shares(10)
        [0, 10]
    """
    _, world_size = get_dist_info()
    return [num_classes * rank // world_size for rank in range(world_size + 1)]


def exchange_classes(rows: Tensor) -> Tensor:
    """All images' columns of this process's classes, (N, K'), from all classes' columns of its own images, (n, K).

    Each number goes to one process: the volume is that of ``rows``, as is the memory.
    """
    rank, world_size = get_dist_info()
    if world_size == 1:
        return rows
    bounds = class_shares(rows.shape[1])
    numbers = all_gather_object(len(rows))
    sent = [rows[:, first:last].reshape(-1) for first, last in zip(bounds, bounds[1:])]
    width = bounds[rank + 1] - bounds[rank]
    received = rows.new_empty(sum(numbers) * width, device=get_comm_device())
    dist.all_to_all_single(
        received, torch.cat(sent).to(received.device), [n * width for n in numbers], list(map(len, sent))
    )
    return received.view(-1, width).cpu()


def join_classes(own: np.ndarray) -> np.ndarray:
    """Values of all classes, (..., K), from those of each process's part, (..., K')."""
    return np.concatenate(all_gather_object(own), axis=-1)
