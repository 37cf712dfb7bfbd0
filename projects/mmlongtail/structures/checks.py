"""Checks of config values: each returns the value, or names the field, the value and what is expected."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np

INT64 = 2**63  # what an array or tensor made of a number holds
FLOAT32 = float(np.finfo(np.float32).max)


def refuse(name: str, value: object, expected: str) -> NoReturn:
    """Raise the ValueError of all checks; a long value is shortened."""
    raise ValueError(f'{name} is {reprlib.repr(value)}, expected {expected}')


def number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    integer: bool = False,
    optional: bool = False,
) -> Any:
    """A finite number within bounds; a NumPy scalar becomes the Python number that it is.

    True and False are no numbers, nor is text that spells one; 3.0 is no whole number.

    Args:
        name: The field, for the error.
        value: What the config has for it.
        above: What the number exceeds.
        at_least: Its least value.
        below: What it stays below.
        at_most: Its largest value.
        integer: Whether it must be whole.
        optional: Whether None will do, too.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> number('tau', float('nan'), at_least=0)
        Traceback (most recent call last):
            ...
        ValueError: tau is nan, expected a finite number >= 0
    """
    if value is None and optional:
        return None
    is_whole, is_real = isinstance(value, Integral), isinstance(value, Real)
    limit = INT64 - 1 if is_whole else FLOAT32
    if (
        (is_whole if integer else is_real)
        and not isinstance(value, bool)
        and -limit <= value <= limit  # NaN is in no range
        and (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
        and (at_most is None or value <= at_most)
    ):
        return value.item() if isinstance(value, np.generic) else value
    bounds = {'>': above, '>=': at_least, '<': below, '<=': at_most}
    within = ' and '.join(f'{sign} {bound}' for sign, bound in bounds.items() if bound is not None)
    kind = 'a whole number' if integer else 'a finite number'
    large = ' of 64 bits' * (is_whole and abs(value) > limit)
    refuse(name, value, f'{kind}{large} {within}'.strip() + ' or None' * optional)


def whole(name: str, value: Any, at_least: int | None = 1, **bounds) -> Any:
    """A whole number, 1 or more unless other bounds of :func:`number` are given."""
    return number(name, value, at_least=at_least, integer=True, **bounds)


def share(name: str, value: Any) -> Any:
    """A number from 0 to 1."""
    return number(name, value, at_least=0, at_most=1)


def flag(name: str, value: Any) -> Any:
    """True or False itself, not what counts as one."""
    return bool(value) if isinstance(value, (bool, np.bool_)) else refuse(name, value, 'True or False')


def text(name: str, value: Any, optional: bool = False) -> Any:
    """Text of at least one character."""
    if (isinstance(value, str) and value) or (optional and value is None):
        return value
    refuse(name, value, 'text' + ' or None' * optional)


def choice(name: str, value: Any, options: Collection) -> Any:
    """One of the options, of its very type: True is not 1."""
    if any(type(value) is type(option) and value == option for option in options):
        return value
    refuse(name, value, f'one of {list(options)}')


def sequence(
    name: str,
    value: Any,
    of: Callable[[str, Any], Any],
    length: int | None = None,
    at_least: int = 0,
) -> tuple:
    """A list, tuple or array of which each item passes a check.

    Args:
        name: The field, for the error.
        value: What the config has for it; text is no sequence.
        of: The check of an item, called with its name, such as ``edges[0]``, and its value.
        length: How many items it has.
        at_least: How many items it has at least.

    Returns:
        The checked items.

    Raises:
        ValueError: If it is no sequence, of another length, or an item does not pass.
    """
    array = isinstance(value, np.ndarray) and value.ndim > 0
    listed = array or (isinstance(value, Sequence) and not isinstance(value, (str, bytes)))
    if not listed or len(value) < at_least or length not in (None, len(value)):
        size = f' of {length}' if length is not None else f' of {at_least} or more' * bool(at_least)
        refuse(name, value, f'a list{size}')
    return tuple(of(f'{name}[{i}]', item) for i, item in enumerate(value))


def mapping(
    name: str,
    value: Any,
    of: Callable[[str, Any], Any] = lambda name, item: item,
    keys: Collection | None = None,
) -> dict:
    """A dict of which each item passes a check, as in :func:`sequence`; with just these keys, where they are given."""
    if not isinstance(value, Mapping) or (keys is not None and set(value) != set(keys)):
        refuse(name, value, 'a dict' if keys is None else f'a dict with {list(keys)}')
    return {key: of(f'{name}[{key!r}]', item) for key, item in value.items()}


def counts(name: str, value: Any, at_most: int | None = None, at_least: int = 0) -> np.ndarray:
    """Numbers of images of at least so many classes, (K,) int64, from 0 to ``at_most``; an array or tensor will do."""
    of = partial(whole, at_least=0, at_most=at_most)
    items = sequence(name, value.tolist() if hasattr(value, 'tolist') else value, of, at_least=at_least)
    return np.array(items, np.int64)


def config(name: str, value: Any, registry: Any, optional: bool = False) -> Any:
    """The config of a component: a dict whose ``type`` makes it, or names what does in an MMEngine registry."""
    if value is None and optional:
        return None
    kind = value.get('type') if isinstance(value, Mapping) else None
    known = isinstance(kind, str) and kind and ('_scope_' in value or registry.get(kind) is not None)
    if known or callable(kind):
        return value
    refuse(name, value, "a dict with the 'type' of a component" + ' or None' * optional)
