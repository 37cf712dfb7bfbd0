"""Features of several branches as heads get them: with the batch's axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor


def of_branches(feats: tuple, num_branches: int) -> Sequence[Tensor]:
    """The last features, (T, B, C) of each branch; a ValueError for another number of branches or of axes."""
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
