"""Tensors in tuples as one tensor, a row for each image, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def _leaves(value: Any) -> list:
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, (tuple, list)) else [value]


def template_of(value: Any, rows: int) -> Any:
    """The shape of a row of each tensor, nested as these are."""
    if isinstance(value, (tuple, list)):
        return [type(value), [template_of(item, rows) for item in value]]
    if not isinstance(value, Tensor) or not value.dim() or len(value) != rows:
        kind = f'shape {tuple(value.shape)}' if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f'the features are of {kind}, expected tensors of {rows} rows, one for each image')
    return value.shape[1:]


def _shapes(template: Any) -> list[torch.Size]:
    return [template] if isinstance(template, torch.Size) else [s for t in template[1] for s in _shapes(t)]


def row_shape(template: Any) -> tuple[int, ...]:
    """Shape of a packed row."""
    shapes = _shapes(template)
    return tuple(shapes[0]) if len(shapes) == 1 else (sum(shape.numel() for shape in shapes),)


def pack(value: Any) -> Tensor:
    """One tensor, a row for each image, of tensors in tuples: a single one as it is."""
    leaves = _leaves(value)
    return (
        leaves[0] if len(leaves) == 1 else torch.cat([leaf.reshape(len(leaf), -1) for leaf in leaves], dim=1)
    )


def unpack(packed: Tensor, template: Any) -> Any:
    """The tensors that were packed, nested as they were."""
    shapes = _shapes(template)
    if len(shapes) == 1:
        parts = [packed]
    else:
        parts = packed.split([shape.numel() for shape in shapes], dim=1)
    return _nest(iter([part.reshape(-1, *shape) for part, shape in zip(parts, shapes)]), template)


def _nest(leaves: Iterator[Tensor], template: Any) -> Any:
    if isinstance(template, torch.Size):
        return next(leaves)
    kind, items = template
    return kind(_nest(leaves, item) for item in items)
