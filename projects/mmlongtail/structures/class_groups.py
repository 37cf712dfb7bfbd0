"""Which classes are frequent, medium and rare: three groups by the number of training images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from . import checks


@dataclass(frozen=True)
class ClassGroups:
    """Where the groups of classes end, and what they are called.

    Args:
        edges: Training images at the tail's and at the head's edge.
        head_inclusive: A class with exactly ``edges[1]`` images is a head class (multi-label sets) or a medium one
            (single-label sets: "more than 100").
        tail_inclusive: A class with exactly ``edges[0]`` images is a tail class or a medium one.
        names: Names of the groups, from the most to the least frequent classes.

    Raises:
        ValueError: If the edges are not ascending, or the names are not three different ones.

    Example:
        >>> MULTI_LABEL.assign([775, 100, 20, 4])
        array([0, 0, 1, 2])
        >>> SINGLE_LABEL.means([775, 100, 20, 4], [80, 60, 50, float('nan')])
        {'many': 80.0, 'medium': 55.0}
    """

    edges: tuple[float, float] = (20, 100)
    head_inclusive: bool = True
    tail_inclusive: bool = False
    names: tuple[str, str, str] = ('head', 'medium', 'tail')

    def __post_init__(self) -> None:
        edges = checks.sequence('edges', self.edges, checks.number, length=2)
        if edges[0] >= edges[1]:
            checks.refuse('edges', self.edges, 'two ascending numbers, (tail, head)')
        checks.flag('head_inclusive', self.head_inclusive)
        checks.flag('tail_inclusive', self.tail_inclusive)
        names = checks.sequence('names', self.names, checks.text, length=3)
        if len(set(names)) < len(names):
            checks.refuse('names', self.names, 'three different names')
        object.__setattr__(self, 'edges', edges)  # tuples, whatever a config has
        object.__setattr__(self, 'names', names)

    @classmethod
    def from_config(cls, groups: GroupsConfig, preset: ClassGroups) -> ClassGroups:
        """The groups that a config means.

        Args:
            groups: The groups themselves, the name of a preset, a dict of what differs from ``preset``, or None for it.
            preset: What its reader has without any.

        Raises:
            ValueError: If it is none of these, or as for the groups themselves.
        """
        if groups is None or isinstance(groups, cls):
            return groups or preset
        if isinstance(groups, Mapping):
            known = [field.name for field in fields(cls)]
            unknown = [key for key in groups if key not in known]
            return (
                checks.refuse('groups', groups, f'a dict with some of {known}')
                if unknown
                else replace(preset, **groups)
            )
        return PRESETS[checks.choice('groups', groups, PRESETS)]

    def assign(self, class_counts: ArrayLike) -> np.ndarray:
        """The group of each class (6:6:8 classes on VOC-LT, 22:33:25 on COCO-LT).

        Args:
            class_counts: Training images per class, (K,).

        Returns:
            Indices into ``names``, (K,).

        Raises:
            ValueError: If a count is negative.
        """
        (low, high), counts = self.edges, checks.counts('class_counts', class_counts)
        head = counts >= high if self.head_inclusive else counts > high
        tail = counts <= low if self.tail_inclusive else counts < low
        return np.where(head, 0, np.where(tail, 2, 1))

    def members(self, class_counts: ArrayLike) -> dict[str, np.ndarray]:
        """Class indices of each group, by its name, from head to tail; a group without a class is left out."""
        groups = self.assign(class_counts)
        members = {name: np.flatnonzero(groups == g) for g, name in enumerate(self.names)}
        return {name: classes for name, classes in members.items() if len(classes)}

    def means(self, class_counts: ArrayLike, values: ArrayLike) -> dict[str, float]:
        """Mean of a value of each class over each group, by its name.

        Args:
            class_counts: Training images per class, (K,).
            values: One per class, (K,); NaN where there is none, which no mean counts.

        Returns:
            The means; a group without any value is left out.
        """
        values = np.asarray(values, float)
        known = {name: values[classes] for name, classes in self.members(class_counts).items()}
        known = {name: of[~np.isnan(of)] for name, of in known.items()}
        return {name: float(of.mean()) for name, of in known.items() if len(of)}


MULTI_LABEL = ClassGroups()
SINGLE_LABEL = ClassGroups(head_inclusive=False, names=('many', 'medium', 'few'))
PRESETS = dict(multi_label=MULTI_LABEL, single_label=SINGLE_LABEL)

GroupsConfig = ClassGroups | Mapping | str | None
