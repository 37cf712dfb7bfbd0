"""mAP of a multi-label test set, in total and for head, medium and tail classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmpretrain.registry import METRICS
from mmpretrain.structures import label_to_onehot

from mmlongtail.structures import GroupsConfig, checks

from ..functional import average_precision
from ..functional.average_precision import check_scores_and_targets
from ..functional.f_scores import f_score_counts, f_scores_of
from ..ranks import exchange_classes, join_classes, same_in_all, sum_over_ranks
from .base import LongTailMetric


@METRICS.register_module()
class LongTailMultiLabelMetric(LongTailMetric):
    """Mean AP in percent: ``mAP``, ``mAP_head``, ``mAP_medium``, ``mAP_tail``.

    Classes without test positives are left out of the means and named in a warning. AP is the area under the
    un-interpolated precision-recall curve, as scikit-learn's. The groups come from the number of *training*
    images of each class: given here, or brought by ``ClassStatisticsHook``. A group without any class to
    average has no key. The latest result stays in ``report`` (:class:`GroupReport`), per-class AP included.

    Args:
        class_counts: Training images per class, (K,); takes precedence over the run's own.
        groups: What differs from the preset ``multi_label``, such as ``dict(edges=(20, 100))`` in training images.
        per_class: Also return ``AP_<class>`` of every class.
        f_scores: Also return ``CF1``, ``OF1`` and ``macro_F1``.
        threshold: Score from which a class counts as predicted, for the F-scores.
        dump_per_class: JSON file for the per-class AP, replaced at each evaluation; True puts
            ``per_class_ap.json`` beside the run's log.
        collect_device, collect_dir: Taken as every metric of MMEngine does; nothing is collected.
        prefix: As every metric of MMEngine.

    Raises:
        ValueError: If a data sample has no score or no ground truth, a score is NaN, or classes of training,
            testing and scores do not agree.
    """

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        groups: GroupsConfig = None,
        per_class: bool = False,
        f_scores: bool = False,
        threshold: float = 0.5,
        dump_per_class: str | bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(class_counts, groups, dump_per_class, collect_device, prefix, collect_dir)
        self.per_class = checks.flag('per_class', per_class)
        self.f_scores = checks.flag('f_scores', f_scores)
        self.threshold = checks.number('threshold', threshold)

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
        """The metric of all images, from those of this process; each process ranks the images of its classes."""
        own = same_in_all(partial(own_rows, results))
        if not (num_images := sum_over_ranks(np.array(0 if own is None else len(own[0])))):
            raise ValueError('there is nothing to evaluate: the test set gave no data samples')
        scores, targets = (exchange_classes(rows).numpy() for rows in like_others(own))
        precision = average_precision(scores, targets) if scores.size else np.empty(0)
        report = self.make_report(100 * join_classes(precision), f'mAP of {num_images} images')
        means = report.means
        metrics = {'mAP': means.pop('total')} if 'total' in means else {}
        metrics.update({f'mAP_{name}': mean for name, mean in means.items()})
        if self.f_scores:
            values = f_scores_of(join_classes(f_score_counts(scores, targets, self.threshold)))
            metrics.update({name: 100 * value for name, value in values.items()})
        if self.per_class:
            named = zip(report.classes, report.per_class.tolist())
            metrics.update({f'AP_{name}': value for name, value in named if not np.isnan(value)})
        return metrics


def own_rows(results: list[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Scores and boolean targets of this process's images, (n, K) each; None without any.

    Raises:
        ValueError: If a score is NaN or a target is neither 0 nor 1.
    """
    if not results:
        return None
    scores, targets = (torch.stack(column) for column in zip(*results))
    _, checked = check_scores_and_targets(scores.numpy(), targets.numpy())
    return scores, torch.from_numpy(checked)


def like_others(own: tuple[torch.Tensor, torch.Tensor] | None) -> tuple[torch.Tensor, torch.Tensor]:
    """The same; a process without images has no rows of the others' classes and type."""
    forms = all_gather_object(None if own is None else (own[0].shape[1], own[0].dtype))
    num_classes, dtype = next(form for form in forms if form is not None)
    return own or (torch.empty(0, num_classes, dtype=dtype), torch.empty(0, num_classes, dtype=torch.bool))
