"""What the figures of collaborative training are drawn from: checkpoints, per-class AP files, results CSVs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType

import numpy as np

from mmlongtail.datasets.text_file import read_json, short, some_of
from mmlongtail.safe_loading import load_local_checkpoint
from mmlongtail.structures import ClassStatistics

TIME = re.compile(r'\d{8}_\d{6}')  # of MMEngine's folders
PARAMETERS = ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')
WEIGHT = re.compile(r'(?:lambda|λ)[ _=]*(\d+(?:[._]\d+)?)')


def read_checkpoint(path: str | Path) -> tuple[ClassStatistics, list[dict[str, np.ndarray]]]:
    """Class statistics of the training, and the learned compensation (eq. 6) of each branch, if there is any.

    Raises:
        ValueError: If the checkpoint holds no class statistics.
    """
    checkpoint = load_local_checkpoint(path, map_location='cpu', mmap=True)
    if 'class_statistics' not in checkpoint:
        raise ValueError(f'{path} holds no class statistics: was it trained with ClassStatisticsHook?')
    state = checkpoint['state_dict']
    losses = [name.removesuffix('mu_pos') for name in state if name.endswith('.mu_pos')]
    branches = [{key: state[loss + key].float().numpy() for key in PARAMETERS} for loss in losses]
    return ClassStatistics.from_dict(checkpoint['class_statistics']), branches


def read_dump(path: str | Path) -> dict:
    """What a metric of long-tailed test sets wrote with ``dump_per_class``.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If the file is something else.
    """
    what = 'what dump_per_class writes'
    content = read_json(str(path), what)
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds {short(content)}: {what} is expected')
    missing = [field for field in ('classes', 'class_counts') if field not in content]
    if missing:
        raise ValueError(f'{path} has no {" and no ".join(missing)}, expected {what}')
    names, counts = content['classes'], content['class_counts']
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f'{path}, classes={short(names)}: a list of names is expected')
    if counts is not None and not (_numbers(counts, len(names), (int,)) and all(n >= 0 for n in counts)):
        raise ValueError(
            f'{path}, class_counts={short(counts)}: {len(names)} whole numbers >= 0 are expected'
        )
    return content


def _numbers(values: object, number: int, kinds: tuple[type, ...]) -> bool:
    """Whether values are a list of so many numbers that NumPy can hold."""
    return (
        isinstance(values, list)
        and len(values) == number
        and all(type(value) in kinds and (value is None or abs(value) < 2**63) for value in values)
    )


def names_of(paths: Sequence[str | Path]) -> list[str]:
    """A name for each of several files: the file's own, or the parts of the paths that tell them apart.

    The names of runs' folders by time are left out where the rest is enough.
    """
    stems = [Path(path).stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    parts = [Path(path).parts[:-1] + (stem,) for path, stem in zip(paths, stems)]
    shared = set.intersection(*map(set, parts))
    own = [[part for part in of_one if part not in shared] for of_one in parts]
    untimed = [[part for part in of_one if not TIME.fullmatch(part)] for of_one in own]
    enough = len(set(map(tuple, untimed))) == len(untimed)
    return ['/'.join(of_one) or stem for of_one, stem in zip(untimed if enough else own, stems)]


def read_per_class(
    paths: Sequence[str | Path], key: str = 'average_precision'
) -> tuple[ClassStatistics, list[np.ndarray]]:
    """AP in percent, (K,) each, from files that ``LongTailMultiLabelMetric(dump_per_class=...)`` wrote.

    Args:
        paths: The files.
        key: What is read; 'accuracy' from files of ``LongTailSingleLabelMetric``.

    Raises:
        ValueError: If they are not of the same classes and training counts, or lack the counts or the key.
    """
    contents = [read_dump(path) for path in paths]
    first = contents[0]
    for path, content in zip(paths, contents):
        if key not in content:
            raise ValueError(f'{path} has no {key}, only {some_of(sorted(content))}')
        if not _numbers(content[key], len(content['classes']), (int, float, NoneType)):
            raise ValueError(
                f'{path}, {key}={short(content[key])}: {len(content["classes"])} finite numbers or null are expected'
            )
        if content['class_counts'] is None:
            raise ValueError(
                f'{path} knows no class counts, so the classes cannot be ordered from head to tail'
            )
        for field in ('classes', 'class_counts'):
            if content[field] != first[field]:
                raise ValueError(f'{path} and {paths[0]} differ in {field}: nothing to compare')
    known = ClassStatistics(np.array(first['class_counts']), 0, tuple(first['classes']))
    return known, [np.array(content[key], float) for content in contents]


def totals_by_weight(
    rows: Sequence[Mapping[str, str]], others: Mapping[str, float]
) -> dict[float, list[float]]:
    """Total mAP of each seed by the weight of the consistency loss.

    Args:
        rows: Of a results CSV. The weight stands in the method's or config's name: ``lambda_0_2``, ``λ=0.2``.
        others: Weight of methods whose name does not say it.

    Raises:
        ValueError: If no row has a weight.
    """
    totals: dict[float, list[float]] = {}
    for row in rows:
        named = WEIGHT.search(row['method']) or WEIGHT.search(row['config'])
        weight = float(named[1].replace('_', '.')) if named else others.get(row['method'])
        if weight is not None:
            totals.setdefault(weight, []).append(float(row['total']))
    if not totals:
        raise ValueError('no result names its lambda: expected lambda_0_2 or λ=0.2 in the method or config')
    return totals
