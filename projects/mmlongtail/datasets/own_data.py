"""A user's own images and labels in one form, whatever files describe them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .text_file import some_of


@dataclass(frozen=True, eq=False)
class OwnData:
    """Images and the classes that they show.

    Args:
        kind: What described them, in words.
        root: Folder that ``paths`` are relative to.
        paths: Image files, (N,).
        labels: Class indices of each, ascending, (N,).
        classes: Names of the classes, (K,).
        in_val: Which images belong to a validation part that the data itself names, bool (N,); None where it does
            not.
        notes: What the user should know of the reading, a sentence each.
    """

    kind: str
    root: Path
    paths: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    in_val: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def single_label(self) -> bool:
        """Whether each image shows exactly one class."""
        return all(len(row) == 1 for row in self.labels)

    def counts(self, among: np.ndarray | None = None) -> np.ndarray:
        """Images of each class, (K,), ``among`` those of a mask (N,) or all."""
        kept = range(len(self.labels)) if among is None else np.flatnonzero(among)
        return np.bincount([k for i in kept for k in self.labels[i]], minlength=len(self.classes))

    def without(self, dropped: set[str], note: str) -> OwnData:
        """The same less some of the paths."""
        kept = [i for i, path in enumerate(self.paths) if path not in dropped]
        return replace(
            self,
            paths=tuple(self.paths[i] for i in kept),
            labels=tuple(self.labels[i] for i in kept),
            in_val=None if self.in_val is None else self.in_val[kept],
            notes=(*self.notes, note),
        )


def join_parts(train: OwnData, val: OwnData, source: str, val_source: str) -> OwnData:
    """Both parts in one, with the classes of the training part.

    Args:
        train, val: The parts; what they name as parts of their own counts no more.
        source, val_source: What the user called them, for messages.

    Raises:
        ValueError: If the validation part has other classes, or both have an image.
    """
    if unknown := [name for name in val.classes if name not in train.classes]:
        raise ValueError(
            f'{val_source} has the classes {some_of(unknown)}, which {source} has not: the classes of the training '
            'part are expected'
        )
    root = Path(os.path.commonpath([train.root, val.root]))
    paths = [
        tuple(os.path.relpath(os.path.join(part.root, path), root) for path in part.paths)
        for part in (train, val)
    ]
    if twice := sorted(set(paths[0]).intersection(paths[1])):
        raise ValueError(f'{len(twice)} images are in {source} and in {val_source}: {some_of(twice)}')
    index = {name: k for k, name in enumerate(train.classes)}
    val_labels = tuple(tuple(sorted(index[val.classes[k]] for k in row)) for row in val.labels)
    in_val = np.repeat([False, True], [len(train.paths), len(val.paths)])
    return OwnData(
        train.kind,
        root,
        sum(paths, ()),
        train.labels + val_labels,
        train.classes,
        in_val,
        train.notes + val.notes,
    )
