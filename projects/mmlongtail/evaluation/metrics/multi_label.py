"""mAP of a multi-label test set, in total and for head, medium and tail classes."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmpretrain.registry import METRICS
from mmpretrain.structures import label_to_onehot

from ...structures import ClassStatistics, class_groups
from ..functional import average_precision, f_scores
from ..group_report import GroupReport

NO_GROUPS = (
    'LongTailMultiLabelMetric knows no class counts of the training set, so it reports the total mAP only: '
    'for head, medium and tail use ClassStatisticsHook (in configs/_base_/default_runtime.py) or '
    'class_counts=[...]'
)


@METRICS.register_module()
class LongTailMultiLabelMetric(BaseMetric):
    """Mean AP in percent: ``mAP``, ``mAP_head``, ``mAP_medium``, ``mAP_tail``.

    Classes without test positives are left out of the means and named in a warning. AP is the area under the
    un-interpolated precision-recall curve, as scikit-learn's. The groups come from the number of *training*
    images of each class: given here, or brought by ``ClassStatisticsHook``. A group without any class to
    average has no key. The latest result stays in ``report`` (:class:`GroupReport`), per-class AP included.

    Args:
        class_counts: Training images per class, (K,); takes precedence over the run's own.
        edges, head_inclusive, tail_inclusive: Where the groups end, see
            :func:`mmlongtail.structures.class_groups`.
        per_class: Also return ``AP_<class>`` of every class.
        f_scores: Also return ``CF1``, ``OF1`` and ``macro_F1``.
        threshold: Score from which a class counts as predicted, for the F-scores.
        dump_per_class: JSON file for the per-class AP, replaced at each evaluation; True puts
            ``per_class_ap.json`` beside the run's log.
        collect_device, prefix, collect_dir: As every metric of MMEngine.

    Raises:
        ValueError: If a data sample has no score or no ground truth, a score is NaN, or classes of training,
            testing and scores do not agree.
    """

    default_prefix = 'long-tail'

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        edges: tuple[int, int] = (20, 100),
        head_inclusive: bool = True,
        tail_inclusive: bool = False,
        per_class: bool = False,
        f_scores: bool = False,
        threshold: float = 0.5,
        dump_per_class: str | bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.group_rule = dict(edges=edges, head_inclusive=head_inclusive, tail_inclusive=tail_inclusive)
        self.fixed_counts = class_counts is not None
        self.class_counts = np.asarray(class_counts) if self.fixed_counts else None
        self.train_classes: tuple[str, ...] | None = None
        self.per_class = per_class
        self.f_scores = f_scores
        self.threshold = threshold
        self.dump_per_class = dump_per_class
        self.report: GroupReport | None = None
        class_groups(class_counts if self.fixed_counts else (), **self.group_rule)  # bad edges fail at once

    def set_class_statistics(self, statistics: ClassStatistics) -> None:
        """Take the training set's class counts, unless some were given, and its class names."""
        self.train_classes = tuple(statistics.classes)
        if not self.fixed_counts:
            self.class_counts = np.asarray(statistics.class_counts)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep each image's scores (K,) and labels (K,); samples may be DataSamples or their dicts."""
        for sample in data_samples:
            score, target, label = (sample.get(field) for field in ('pred_score', 'gt_score', 'gt_label'))
            if score is None or (target is None and label is None):
                raise ValueError(
                    'a data sample must have pred_score and gt_score or gt_label, '
                    f'but has only {sorted(sample.keys())}'
                )
            if target is None:
                target = label_to_onehot(label, len(score)) > 0
            # copies: a view into the batch would be sent to other ranks with the whole batch
            dtype = torch.promote_types(score.dtype, torch.float32)  # numpy knows no bfloat16
            self.results.append((score.detach().to('cpu', dtype, copy=True), target.to('cpu', copy=True)))

    def compute_metrics(self, results: list[tuple[torch.Tensor, torch.Tensor]]) -> dict[str, float]:
        """The metric of all images, on the main process."""
        if not results:
            raise ValueError('there is nothing to evaluate: the test set gave no data samples')
        scores, targets = (torch.stack(column).numpy() for column in zip(*results))
        self.report = self._report(100 * average_precision(scores, targets))
        self._tell(len(scores))
        means = self.report.means
        metrics = {'mAP': means.pop('total')} if 'total' in means else {}
        metrics.update({f'mAP_{name}': mean for name, mean in means.items()})
        if self.f_scores:
            values = f_scores(scores, targets, self.threshold)
            metrics.update({name: 100 * value for name, value in values.items()})
        if self.per_class:
            named = zip(self.report.classes, self.report.per_class.tolist())
            metrics.update({f'AP_{name}': value for name, value in named if not np.isnan(value)})
        return metrics

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
        groups = None if self.class_counts is None else class_groups(self.class_counts, **self.group_rule)
        return GroupReport(per_class, tuple(names), self.class_counts, groups)

    def _tell(self, num_images: int) -> None:
        """Log the table and what is missing from it; dump the per-class AP where asked."""
        report, warn = self.report, logging.WARNING
        if report.groups is None:
            print_log(NO_GROUPS, 'current', warn)  # MMLogger shows a repeated warning once
        print_log(f'mAP of {num_images} images:\n{report}', 'current')
        if report.left_out:
            print_log(
                f'no test positives, left out of all means: {", ".join(report.left_out)}', 'current', warn
            )
        empty = set(report.members) - set(report.means)
        if empty:
            print_log(
                f'no class with test positives in {", ".join(sorted(empty))}: no mAP of it', 'current', warn
            )
        if self.dump_per_class:
            self._dump()

    def _dump(self) -> None:
        """Write classes, training counts and AP (percent, null where there is none) as JSON."""
        report = self.report
        path = self.dump_per_class
        if path is True:
            log_file = MMLogger.get_current_instance().log_file
            path = Path(log_file or '.').parent / 'per_class_ap.json'
        content = dict(
            classes=list(report.classes),
            class_counts=None if report.class_counts is None else report.class_counts.tolist(),
            average_precision=[None if np.isnan(ap) else round(ap, 6) for ap in report.per_class.tolist()],
        )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(content, indent=1) + '\n')
