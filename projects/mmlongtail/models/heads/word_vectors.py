"""Vectors of class names from a GloVe text file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def class_vectors(
    path: str, classes: Sequence[str], dim: int, aliases: Mapping[str, str] | None = None
) -> np.ndarray:
    """The vector of each class name, the mean of its words' vectors, (K, dim) float64.

    Source: Chen et al., CVPR 2019, section 4.1 (mean over the words); GloVe of Pennington et al., EMNLP 2014.

    Args:
        path: Text file, a word and its ``dim`` numbers a line, between spaces; only as far as needed it is read.
        classes: Names; their words, in lower case, stand between spaces, underscores or hyphens.
        dim: Numbers per vector.
        aliases: Class name to what is looked up in its place.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If words are not in the file (their classes are named) or a line is not of this form.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'word_vectors={path!r} is missing: a GloVe text file such as glove.6B.{dim}d.txt is expected, '
            'which is not downloaded by itself'
        )
    aliases = aliases or {}
    words = {name: re.findall(r'[^\s_-]+', aliases.get(name, name).lower()) for name in classes}
    found = read_words(path, {word for parts in words.values() for word in parts}, dim)
    missing = [name for name, parts in words.items() if not parts or not found.keys() >= set(parts)]
    if missing:
        raise ValueError(
            f'{path} lacks words of the classes {missing}: name words that it has by aliases, '
            "as in dict(diningtable='dining table')"
        )
    return np.stack([np.mean([found[word] for word in words[name]], axis=0) for name in classes])


def read_words(path: str, wanted: set[str], dim: int) -> dict[str, np.ndarray]:
    """Vectors (dim,) of those wanted words that the file has.

    Raises:
        ValueError: If a wanted word is not followed by ``dim`` numbers.
    """
    found = {}
    with open(path, encoding='utf-8') as lines:
        for number, line in enumerate(lines, 1):
            word, _, rest = line.partition(' ')
            if word not in wanted or word in found:
                continue
            found[word] = numbers(rest.split())
            if len(found[word]) != dim:
                raise ValueError(f'{path}, line {number}: {dim} numbers are expected after {word!r}')
            if len(found) == len(wanted):
                break
    return found


def numbers(cells: list[str]) -> np.ndarray:
    """The cells as float64; none where one of them is not a number."""
    try:
        return np.array(cells, np.float64)
    except ValueError:
        return np.zeros(0)
