"""What the figures of collaborative training are drawn from: checkpoints, per-class AP files, results CSVs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmlongtail.safe_loading import load_local_checkpoint
from mmlongtail.structures import ClassStatistics

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
        ValueError: If the file is something else.
    """
    try:
        content = json.loads(Path(path).read_text())
    except ValueError as error:
        raise ValueError(f'{path} is no JSON file: {error}') from error
    missing = [field for field in ('classes', 'class_counts') if field not in content]
    if missing:
        raise ValueError(f'{path} has no {" and no ".join(missing)}, expected what dump_per_class writes')
    return content


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
            raise ValueError(f'{path} has no {key}, only {sorted(content)}')
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
