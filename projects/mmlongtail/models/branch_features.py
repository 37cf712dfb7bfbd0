"""Features of several branches: the axes of the batch in front, as heads and losses get them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from mmlongtail.structures import BatchLayout


def with_axes(feats, layout: BatchLayout) -> tuple:
    """A network's features, of which the last ones get the batch's axes.

    Args:
        feats: Features, the last of which are one tensor (n T B, ...) or one (T B, ...) of each branch.
        layout: What the rows are: n branches, T views, B images.

    Returns:
        The features, the last of which are one tensor (n, T, B, ...) or one (T, B, ...) of each branch.

    Raises:
        ValueError: For another number of rows or branches.
    """
    *others, last = (feats,) if isinstance(feats, Tensor) else feats
    if isinstance(last, Tensor):
        return (*others, layout.split(last))
    if len(last) != layout.branches:
        raise ValueError(f'features of {len(last)} branches, expected {layout.branches}')
    own = replace(layout, branches=1)
    return (*others, tuple(own.split(part)[0] for part in last))


def of_branches(feats: tuple, num_branches: int) -> Sequence[Tensor]:
    """The last features, (T, B, C) of each branch.

    Raises:
        ValueError: For another number of branches or of axes.
    """
    parts = feats[-1]
    if len(parts) != num_branches or any(p.dim() != 3 or p.shape[:2] != parts[0].shape[:2] for p in parts):
        raise ValueError(
            f'features of {[tuple(part.shape) for part in parts]}, expected of each of the num_branches='
            f'{num_branches} (views, images, channels), as MultiBranchClassifier gives them'
        )
    return parts


def of_rows(function: Callable[[tuple[Tensor]], Tensor | tuple[Tensor]], features: Tensor) -> Tensor:
    """What a head or neck, which takes rows (N, C) in a tuple, makes of features (..., C), with their leading axes."""
    rows = function((features.flatten(0, -2),))
    return (rows if isinstance(rows, Tensor) else rows[-1]).unflatten(0, features.shape[:-1])
