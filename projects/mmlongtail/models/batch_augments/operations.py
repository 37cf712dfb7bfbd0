"""The host's augmenting transforms as operations on a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from mmpretrain.datasets.transforms.auto_augment import BaseAugTransform
from torch import Tensor

from . import neighborhoods, pixel_tables

TABLES = dict(  # pixel values through a table
    AutoContrast=pixel_tables.auto_contrast,
    Brightness=pixel_tables.brightness,
    Contrast=pixel_tables.contrast,
    Equalize=pixel_tables.equalize,
    Invert=pixel_tables.invert,
    Posterize=pixel_tables.posterize,
    Solarize=pixel_tables.solarize,
    SolarizeAdd=pixel_tables.solarize_add,
)
MATRICES = dict(Rotate=neighborhoods.rotation, Translate=neighborhoods.translation)  # places through a matrix
OTHERS = dict(
    ColorTransform=neighborhoods.color,
    Cutout=neighborhoods.cutout,
    Sharpness=neighborhoods.sharpness,
    Shear=neighborhoods.shear,
)
KNOWN = TABLES | MATRICES | OTHERS
OPTIONS = dict(  # what an operation takes besides its value, as attributes of the host's transform
    Cutout=('pad_val',), Rotate=('pad_val',), SolarizeAdd=('thr',),
    Shear=('direction', 'pad_val'), Translate=('direction', 'pad_val'),
)  # fmt: skip
VALUES = dict(Rotate='angle', Solarize='thr', Posterize='bits', Cutout='shape')  # else 'magnitude'
ONLY = dict(
    Rotate=dict(center=None, scale=1.0, interpolation='nearest'),
    Shear=dict(interpolation='bicubic'),
    Translate=dict(interpolation='nearest'),
)


def tables(table: Callable[..., Tensor], images: Tensor, values: Tensor, **options) -> Tensor:
    """The tables of a function of :mod:`pixel_tables`, (B, C, 256) uint8."""
    return table(images, values, **options).clamp(0, 255).byte().expand(*images.shape[:2], 256)


def matrices(
    matrix: Callable[..., Tensor], images: Tensor, values: Tensor, fill: float | Sequence[float], **options
) -> Tensor:
    """The matrices of a function of :mod:`neighborhoods` and the fill value: (B, 6 + C) float64."""
    fill = torch.as_tensor(fill, dtype=torch.float64, device=images.device).expand(images.shape[:2])
    return torch.cat([matrix(images, values, **options).flatten(1), fill], dim=1)


def warp(images: Tensor, prepared: Tensor) -> Tensor:
    """Images moved by what :func:`matrices` gives."""
    return neighborhoods.warp_nearest(images, prepared[:, :6].view(-1, 2, 3), prepared[:, 6:, None, None])


def values_alone(images: Tensor, values: Tensor) -> Tensor:
    """What an operation prepares that needs its values only."""
    return values


class Operation:
    """An operation on a batch: ``prepare(images, values)`` gives the ``prepared`` of ``finish(images, prepared)``.

    Operations of equal :attr:`family` finish alike, together in one call.

    Args:
        transform: The host's transform.

    Raises:
        ValueError: If it has no form for batches, or not with its settings.
    """

    def __init__(self, transform: BaseAugTransform) -> None:
        name = type(transform).__name__
        if name not in KNOWN:
            raise ValueError(f'policy {name!r} has no batch form: one of {sorted(KNOWN)} is expected')
        for key, expected in ONLY.get(name, {}).items():
            if (value := getattr(transform, key)) != expected:
                raise ValueError(
                    f'{key}={value!r} of policy {name!r} has no batch form: {expected!r} is expected'
                )
        options = {key: getattr(transform, key) for key in OPTIONS.get(name, ())}
        if name == 'Rotate' and not isinstance(transform.pad_val, Sequence):
            options['pad_val'] = (
                transform.pad_val,
                0,
                0,
            )  # what OpenCV makes of the one number that the host gives it
        self.key = name, *options.items()
        if name in TABLES:
            self.prepare, self.finish = partial(tables, TABLES[name], **options), pixel_tables.look_up
            self.family = ('table',)
        elif name in MATRICES:
            self.prepare = partial(matrices, MATRICES[name], fill=options.pop('pad_val'), **options)
            self.finish, self.family = warp, ('warp',)
        else:
            self.prepare, self.finish, self.family = values_alone, partial(KNOWN[name], **options), self.key


def strength(transform: BaseAugTransform) -> tuple[float, ...]:
    """How often and how strongly a transform is applied.

    Returns:
        Its probability, that of the negative value, the lowest and the highest value, and the level between them, with
        its deviation and its largest value.
    """
    value = getattr(transform, VALUES.get(type(transform).__name__, 'magnitude'), None)
    low, high = (value or 0, value or 0) if transform.magnitude_range is None else transform.magnitude_range
    return (
        transform.prob,
        transform.random_negative_prob,
        low,
        high,
        transform.magnitude_level,
        float(transform.magnitude_std),
        transform.total_level,
    )
