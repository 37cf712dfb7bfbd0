"""All that the folder of a run says of it: settings, curves, scores of classes, what was learned."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import METRICS

from mmlongtail.checkpoints import newest_checkpoint
from mmlongtail.datasets.wrappers import innermost
from mmlongtail.evaluation.group_report import GroupReport
from mmlongtail.evaluation.metrics import (
    LongTailMetric,
    LongTailMultiLabelMetric,
    LongTailSingleLabelMetric,
)
from mmlongtail.plain_config import literal_config
from mmlongtail.safe_loading import load_local_checkpoint
from mmlongtail.structures import ClassStatistics

from .run_record import only_config
from .sources import names_of, read_checkpoint, read_per_class

COMMIT = re.compile(
    r'(.*?)([0-9a-f]{40})'
)  # MMEngine writes its version and the commit of the working folder
VERSION = re.compile(r'^ +(Python|PyTorch|TorchVision|OpenCV|MMEngine): (\S+)', re.MULTILINE)
LOG_BEGINNING = 20_000  # characters of a log in which the versions stand


@dataclass(frozen=True, eq=False)
class Run:
    """A training, from its folder.

    Args:
        name: What tells it from the other runs.
        folder: Its work dir.
        checkpoint: The checkpoint that was saved last.
        cfg: Config as trained.
        facts: Seed, commit, versions and so on, as text.
        statistics: Of the training set.
        branches: Learned logit compensation of each branch, (K,) each; empty where there is none.
        training: Records of the training, ``step`` first to last, each with its loss.
        evaluations: Records of the evaluations, first to last, without the names of the metrics.
        report: Scores of the classes and their groups, NaN where the run left none.
        source: Where these scores are from; empty where there are none.
    """

    name: str
    folder: Path
    checkpoint: Path
    cfg: Config
    facts: Mapping[str, str]
    statistics: ClassStatistics
    branches: Sequence[Mapping[str, np.ndarray]]
    training: Sequence[Mapping[str, float]]
    evaluations: Sequence[Mapping[str, float]]
    report: GroupReport
    source: str = ''

    @property
    def means(self) -> dict[str, float]:
        """Mean score of all classes and of each group in percent: the last evaluation's, else of the classes."""
        total = self.report.mean_score
        last = self.evaluations[-1] if self.evaluations else {}
        names = {'total': total} | {name: f'{total}_{name}' for name in self.report.groups.names}
        if total != 'mAP':  # one label per image
            names = {'total': 'top1'} | {name: f'top1_{name}' for name in self.report.groups.names}
        found = {name: last[key] for name, key in names.items() if key in last}
        return found or self.report.means

    def with_scores(self, per_class: np.ndarray, source: str) -> Run:
        """The same run with scores of its classes in percent, (K,)."""
        return replace(self, report=replace(self.report, per_class=per_class), source=source)


def read_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Read several runs, to be compared.

    Raises:
        FileNotFoundError: If a folder or its checkpoint is missing.
        ValueError: If one holds no config or statistics, or they are not of the same classes.
    """
    runs = [read_run_folder(folder, name) for folder, name in zip(folders, names_of(folders))]
    for run in runs[1:]:
        if run.report.classes != runs[0].report.classes or run.report.score != runs[0].report.score:
            raise ValueError(f'{run.folder} and {runs[0].folder} differ in classes: nothing to compare')
    return runs


def read_run_folder(folder: str | Path, name: str | None = None) -> Run:
    """Read one run; see :func:`read_runs`."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder: the work dir of a training is expected')
    found = newest_checkpoint(folder)
    if found is None:
        raise FileNotFoundError(f'{folder} has no checkpoint: the work dir of a training is expected')
    checkpoint = Path(found)
    statistics, branches = read_checkpoint(checkpoint)
    meta = load_local_checkpoint(checkpoint, map_location='cpu', mmap=True)['meta']
    # a text that wants to import other modules is not in a checkpoint that was loaded safely
    cfg = Config(literal_config(meta.get('cfg') or only_config(folder).read_text()))
    training, evaluations = read_records(folder)
    report, source = class_scores(folder, cfg, statistics)
    return Run(
        name or folder.name,
        folder,
        checkpoint,
        cfg,
        facts_of(folder, meta, cfg),
        statistics,
        branches,
        training,
        evaluations,
        report,
        source,
    )


def facts_of(folder: Path, meta: Mapping, cfg: Config) -> dict[str, str]:
    """Seed, commit, versions and length of the training, by name."""
    written = str(meta.get('mmengine_version', 'not recorded'))
    found = COMMIT.fullmatch(written)
    version, commit = found.groups() if found else (written, 'not recorded')
    facts = {
        'seed': str(meta.get('seed', 'not recorded')),
        'trained': f'{meta.get("epoch")} epochs, {meta.get("iter")} iterations',
        'commit': commit[:12],
        'MMEngine': version,
    }
    for log in sorted(folder.glob('*/*.log')):  # the latest has the last word
        with open(log, encoding='utf-8', errors='replace') as file:
            facts.update(VERSION.findall(file.read(LOG_BEGINNING)))
    for part in ('train', 'val', 'test'):
        if loader := cfg.get(f'{part}_dataloader'):
            data = innermost(loader.dataset)
            labels = os.path.basename(data.get('ann_file') or '')
            facts[f'{part} data'] = ', '.join(filter(None, [data.get('type', 'not recorded'), labels]))
    return facts


def read_records(folder: Path) -> tuple[list[dict], list[dict]]:
    """Records of the training and of the evaluations; of a resumed run a later file replaces what it repeats."""
    training: dict[int, dict] = {}
    evaluations: dict[int, dict] = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for records, is_training in ((training, True), (evaluations, False)):
            later = {line['step']: line for line in lines if ('loss' in line) == is_training}
            first = min(later, default=np.inf)
            for step in [step for step in records if step >= first]:
                del records[step]
            records.update(later)
    named = [
        {
            key.rpartition('/')[2]: value
            for key, value in record.items()
            if not key.startswith(('single/', 'expert'))
        }
        for record in evaluations.values()
    ]
    return list(training.values()), named


def class_scores(folder: Path, cfg: Config, statistics: ClassStatistics) -> tuple[GroupReport, str]:
    """The scores that the run's metric wrote last of each class, and the name of the file.

    Raises:
        ValueError: If they are of other classes.
    """
    metric = usual_metric(cfg, statistics)
    classes, counts = tuple(statistics.classes), np.asarray(statistics.class_counts)
    values, source = np.full(len(counts), np.nan), ''
    if files := sorted(folder.rglob(metric.dump_file), key=lambda path: path.stat().st_mtime):
        known, [values] = read_per_class(files[-1:], metric.dump_key)
        source = str(files[-1].relative_to(folder))
        if known.classes != classes:
            raise ValueError(f'{files[-1]} and the checkpoint differ in classes: is it of another run?')
    return GroupReport(values, classes, counts, metric.groups, metric.score, metric.mean_score), source


def usual_metric(cfg: Config, statistics: ClassStatistics) -> LongTailMetric:
    """The metric that the config tests by, else the usual one of the set's kind.

    Raises:
        ValueError: If the config's evaluator cannot be built, as that of another version.
    """
    evaluator = cfg.get('test_evaluator') or cfg.get('val_evaluator') or []
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        try:
            metrics = [METRICS.build(m) for m in (evaluator if isinstance(evaluator, list) else [evaluator])]
        except (TypeError, KeyError) as error:
            raise ValueError(f'the test_evaluator of the config cannot be built: {error}') from error
    for metric in (getattr(metric, 'ensemble', metric) for metric in metrics):
        if isinstance(metric, LongTailMetric):
            return metric
    several = statistics.num_images < np.sum(statistics.class_counts)
    return LongTailMultiLabelMetric() if several else LongTailSingleLabelMetric()
