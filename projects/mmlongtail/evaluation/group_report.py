"""Per-class scores, summed up by groups of classes, as numbers and as a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..structures import MULTI_LABEL, ClassGroups

ALL_UP_TO, WORST = 30, 10  # classes in a table


@dataclass(frozen=True, eq=False)
class GroupReport:
    """Result of one long-tailed evaluation; ``print`` it for a table.

    Args:
        per_class: Score of each class in percent, (K,); NaN for a class that the test set does not have.
        classes: Names of the classes, (K,).
        class_counts: Training images of each class, (K,), or None where the training set is unknown.
        groups: The groups of the classes.
        score, mean_score: What the score of a class and the mean over classes are called.

    Example:
        >>> print(GroupReport(np.array([80.0, 60.0, 40.0]), ['person', 'cat', 'boat'], np.array([775, 70, 4])))
        group   classes  train images  mAP (%)
        head          1    775 to 775    80.00
        medium        1      70 to 70    60.00
        tail          1        4 to 4    40.00
        total         3      4 to 775    60.00
    """

    per_class: np.ndarray
    classes: Sequence[str]
    class_counts: np.ndarray | None = None
    groups: ClassGroups = MULTI_LABEL
    score: str = 'AP'
    mean_score: str = 'mAP'

    @property
    def left_out(self) -> list[str]:
        """Names of the classes without a score: they are in no mean."""
        return [self.classes[k] for k in np.flatnonzero(np.isnan(self.per_class))]

    @property
    def members(self) -> dict[str, np.ndarray]:
        """Class indices of each group that has any, and of ``total``."""
        groups = {} if self.class_counts is None else self.groups.members(self.class_counts)
        every = np.arange(len(self.per_class))
        return groups | ({'total': every} if len(every) else {})

    @property
    def means(self) -> dict[str, float]:
        """Mean score in percent of each group and of ``total``; a group without any score has no entry."""
        known = self.per_class[~np.isnan(self.per_class)]
        groups = {} if self.class_counts is None else self.groups.means(self.class_counts, self.per_class)
        return groups | ({'total': float(known.mean())} if len(known) else {})

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [('group', 'classes', 'train images', f'{self.mean_score} (%)')]
        means = self.means
        for name, members in self.members.items():
            known = np.count_nonzero(~np.isnan(self.per_class[members]))
            of = '' if known == len(members) else f' of {len(members)}'
            images = '-'
            if self.class_counts is not None:
                images = f'{self.class_counts[members].min()} to {self.class_counts[members].max()}'
            rows.append((name, f'{known}{of}', images, f'{means[name]:.2f}' if name in means else '-'))
        return _table(rows)

    def per_class_table(self) -> str:
        """A row per class, those with most training images first where the counts are known."""
        counts = self.class_counts
        order = np.arange(len(self.classes)) if counts is None else np.argsort(-counts, kind='stable')
        groups = None if counts is None else self.groups.assign(counts)
        rows: list[tuple[str, ...]] = [('class', 'group', 'train images', f'{self.score} (%)')]
        for k in order:
            group = '-' if groups is None else self.groups.names[groups[k]]
            score = '-' if np.isnan(self.per_class[k]) else f'{self.per_class[k]:.2f}'
            rows.append((str(self.classes[k]), group, '-' if counts is None else str(counts[k]), score))
        return _table(rows)

    def class_details(self) -> str:
        """The table of all classes, or of the ``WORST`` ones where there are more than ``ALL_UP_TO``."""
        if len(self.classes) <= ALL_UP_TO:
            return self.per_class_table()
        known = np.flatnonzero(~np.isnan(self.per_class))
        worst = known[np.argsort(self.per_class[known], kind='stable')[:WORST]]
        part = replace(
            self,
            per_class=self.per_class[worst],
            classes=[self.classes[k] for k in worst],
            class_counts=None if self.class_counts is None else self.class_counts[worst],
        )
        return f'the {len(worst)} worst classes\n{part.per_class_table()}'


def _table(rows: list[tuple[str, ...]]) -> str:
    """Columns padded to their widest cell: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ['  '.join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    return '\n'.join(lines)
