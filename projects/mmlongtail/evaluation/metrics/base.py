"""What metrics of long-tailed test sets share: the class counts, the report by groups, its log and its dump."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log

from mmlongtail.structures import checks

from ...structures import MULTI_LABEL, ClassGroups, ClassStatistics, GroupsConfig
from ..group_report import GroupReport
from ..ranks import rows_before_padding


class LongTailMetric(BaseMetric):
    """A metric with a score per class and its mean per group of classes.

    The groups come from the number of *training* images of each class: given here, or brought by
    ``ClassStatisticsHook``. A group without any class to average has no mean. The latest result stays in
    ``report`` (:class:`GroupReport`), per-class scores included. A subclass names its scores below and calls
    :meth:`make_report`.

    Several processes compute together and each has all results: ``compute_metrics`` gets the results of the process's
    own images and exchanges sums, or parts of the classes. MMEngine's metrics send all scores to one process.

    Args:
        class_counts: Training images per class, (K,); takes precedence over the run's own.
        groups: What differs from ``preset``, or as :meth:`ClassGroups.from_config` takes it.
        dump_per_class: JSON file for the per-class scores, replaced at each evaluation; True puts ``dump_file``
            beside the run's log.
        collect_device, collect_dir: Taken as every metric of MMEngine does; nothing is collected.
        prefix: As every metric of MMEngine.

    Raises:
        ValueError: If groups or counts are impossible, or classes of training, testing and scores do not agree.
    """

    default_prefix = 'long-tail'
    score, mean_score = 'AP', 'mAP'
    evidence = 'test positives'  # what a class needs to have a score
    preset: ClassGroups = MULTI_LABEL
    dump_file, dump_key = 'per_class_ap.json', 'average_precision'

    def __init__(
        self,
        class_counts: Sequence[int] | None,
        groups: GroupsConfig = None,
        dump_per_class: str | bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.groups = ClassGroups.from_config(groups, self.preset)
        self.fixed_counts = class_counts is not None
        self.class_counts = (
            checks.counts('class_counts', class_counts, at_least=1) if self.fixed_counts else None
        )
        self.train_classes: tuple[str, ...] | None = None
        named = isinstance(dump_per_class, str) and dump_per_class
        self.dump_per_class = named or checks.flag('dump_per_class', dump_per_class)
        self.report: GroupReport | None = None

    def set_class_statistics(self, statistics: ClassStatistics) -> None:
        """Take the training set's class counts, unless some were given, and its class names."""
        self.train_classes = tuple(statistics.classes)
        if not self.fixed_counts:
            self.class_counts = np.asarray(statistics.class_counts)

    def evaluate(self, size: int) -> dict[str, float]:
        """The metrics of a data set of ``size`` images, whose results all processes have in turns."""
        own = self.results[: rows_before_padding(len(self.results), size)]
        metrics = self.compute_metrics(own)
        self.results.clear()
        return {f'{self.prefix}/{name}' if self.prefix else name: value for name, value in metrics.items()}

    def make_report(self, per_class: np.ndarray, headline: str) -> GroupReport:
        """Keep, log and dump the report of these per-class scores in percent, (K,), NaN where there is none."""
        self.report = report = self._report(per_class)
        self._tell(report, headline)
        if self.dump_per_class and is_main_process():
            self._dump(report)
        return report

    def _report(self, per_class: np.ndarray) -> GroupReport:
        """Name and group the classes; every source must agree on what they are."""
        tested = (self.dataset_meta or {}).get('classes')
        if tested is not None and self.train_classes and tuple(tested) != self.train_classes:
            raise ValueError(
                f'the test set has the classes {list(tested)}, the training set {list(self.train_classes)}: '
                'both must name the same ones in the same order'
            )
        names = tested or self.train_classes or [str(k) for k in range(len(per_class))]
        for what, values in (('classes', names), ('class_counts', self.class_counts)):
            if values is not None and len(values) != len(per_class):
                raise ValueError(
                    f'{what} has {len(values)} entries, but the scores are for {len(per_class)} classes'
                )
        return GroupReport(
            per_class, tuple(names), self.class_counts, self.groups, self.score, self.mean_score
        )

    def _tell(self, report: GroupReport, headline: str) -> None:
        """Log the table and what is missing from it."""
        warn = logging.WARNING
        if report.class_counts is None:  # MMLogger shows a repeated warning once
            print_log(
                f'{type(self).__name__} knows no class counts of the training set, so it reports no '
                f'{self.mean_score} by group: for {", ".join(self.groups.names)} use ClassStatisticsHook '
                '(in configs/_base_/default_runtime.py) or class_counts=[...]',
                'current',
                warn,
            )
        print_log(f'{headline}:\n{report}', 'current')
        if report.left_out:
            names = ', '.join(report.left_out)
            print_log(f'no {self.evidence}, left out of all means: {names}', 'current', warn)
        empty = ', '.join(sorted(set(report.members) - set(report.means)))
        if empty:
            print_log(
                f'no class with {self.evidence} in {empty}: no {self.mean_score} of it', 'current', warn
            )

    def _dump(self, report: GroupReport) -> None:
        """Write classes, training counts and scores (percent, null where there is none) as JSON."""
        path = self.dump_per_class
        if path is True:
            log_file = MMLogger.get_current_instance().log_file
            path = Path(log_file or '.').parent / self.dump_file
        scores = [None if np.isnan(score) else round(score, 6) for score in report.per_class.tolist()]
        content = dict(
            classes=list(report.classes),
            class_counts=None if report.class_counts is None else report.class_counts.tolist(),
        )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps({**content, self.dump_key: scores}, indent=1) + '\n')
