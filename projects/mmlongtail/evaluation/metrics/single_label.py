"""Accuracy of a single-label test set, in total and for classes with many, medium and few training images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmpretrain.registry import METRICS

from mmlongtail.structures import SINGLE_LABEL, GroupsConfig, checks

from ..functional.calibration_error import calibration_gaps
from ..ranks import same_in_all, sum_over_ranks
from .base import LongTailMetric


@METRICS.register_module()
class LongTailSingleLabelMetric(LongTailMetric):
    """In percent: ``top1``, ``top5``, ``top1_many``, ``top1_medium``, ``top1_few``, ``balanced_accuracy``, ``ece``.

    ``top1``, ``top5`` and ``ece`` (Guo et al., 2017) are over images; ``balanced_accuracy`` and the groups' numbers
    are means of their classes' accuracy, as in the papers. All equal image means where the test set is balanced.
    Many is more than 100 *training* images, few less than 20. Of equal scores the class of lower index ranks
    first, as in ``argmax``. Only ``pred_score`` counts. Classes without test images are left out of the means and
    named in a warning; a group without any class to average has no key, nor has top-k for k or fewer classes.

    Args:
        class_counts: Training images per class, (K,); takes precedence over the run's own.
        topk: Which top-k accuracies to return.
        groups: What differs from the preset ``single_label``, such as ``dict(edges=(20, 100))`` in training images;
            a class at an edge is medium.
        per_class: Also return ``accuracy_<class>`` of every class.
        num_bins: Bins of equal width for the ECE; 0 leaves it out, for scores that are no probabilities.
        dump_per_class: JSON file for the per-class accuracy, replaced at each evaluation; True puts
            ``per_class_accuracy.json`` beside the run's log.
        collect_device, collect_dir: Taken as every metric of MMEngine does; nothing is collected.
        prefix: As every metric of MMEngine.

    Raises:
        ValueError: If a data sample has no score or not one valid label, a score is NaN, the ECE is asked of scores
            that are no probabilities, or classes of training, testing and scores do not agree.
    """

    score = mean_score = 'accuracy'
    evidence = 'test images'
    preset = SINGLE_LABEL
    dump_file, dump_key = 'per_class_accuracy.json', 'accuracy'

    def __init__(
        self,
        class_counts: Sequence[int] | None = None,
        topk: int | Sequence[int] = (1, 5),
        groups: GroupsConfig = None,
        per_class: bool = False,
        num_bins: int = 15,
        dump_per_class: str | bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(class_counts, groups, dump_per_class, collect_device, prefix, collect_dir)
        topk = (topk,) if isinstance(topk, int) else topk
        self.topk = checks.sequence('topk', topk, checks.whole, at_least=1)
        self.num_bins = checks.whole('num_bins', num_bins, at_least=0)
        self.per_class = checks.flag('per_class', per_class)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep four numbers of each image; samples may be DataSamples or their dicts.

        All scores of iNaturalist's 24,426 images would take 0.8 GB on each rank.
        """
        pairs = [_score_and_label(sample) for sample in data_samples]
        scores = torch.stack([score for score, _ in pairs]).detach()  # (B, K)
        num_classes = scores.shape[1]
        labels = torch.tensor([label for _, label in pairs], device=scores.device)
        if labels.min() < 0 or labels.max() >= num_classes:
            raise ValueError(
                f'gt_label must be in 0 to {num_classes - 1}, got {sorted(set(labels.tolist()))}'
            )
        broken = int(scores.isnan().any(dim=1).sum())
        if broken:
            raise ValueError(
                f'pred_score holds NaN in {broken} of {len(scores)} images: has the training diverged?'
            )
        columns = (labels, _ranks(scores, labels), scores.amax(dim=1).double())
        self.results += zip(*(column.tolist() for column in columns), [num_classes] * len(scores))

    def compute_metrics(self, results: list[tuple[int, int, float, int]]) -> dict[str, float]:
        """The metric of all images, from those of this process: only sums are exchanged."""
        num_classes = max(all_gather_object(results[0][-1] if results else 0))
        if not num_classes:
            raise ValueError('there is nothing to evaluate: the test set gave no data samples')
        own = same_in_all(partial(self._sums, results, num_classes))
        images, right, hits, gaps = map(sum_over_ranks, own)
        number = images.sum()
        topk = [k for k in self.topk if k == 1 or k < num_classes]
        metrics = {f'top{k}': 100 * float(hits[k - 1] / number) for k in topk}
        accuracy = 100 * np.divide(right, images, out=np.full(num_classes, np.nan), where=images > 0)
        overall = {'balanced_accuracy': float(np.nanmean(accuracy))}
        if self.num_bins:
            overall['ece'] = 100 * float(np.abs(gaps).sum() / number)
        told = ', '.join(f'{name} {value:.2f} %' for name, value in (metrics | overall).items())
        report = self.make_report(accuracy, f'{number} images, {told}; means of classes')
        metrics.update({f'top1_{name}': mean for name, mean in report.means.items() if name != 'total'})
        metrics.update(overall)
        if self.per_class:
            named = zip(report.classes, accuracy.tolist())
            metrics.update({f'accuracy_{name}': value for name, value in named if not np.isnan(value)})
        return metrics

    def _sums(self, results: list[tuple[int, int, float, int]], num_classes: int) -> tuple[np.ndarray, ...]:
        """Of this process's images: those of each class and those right, (K,), those ranked below k and bins' gaps."""
        columns = np.array(results, np.float64).reshape(-1, 4).T
        labels, ranks, confidences = columns[0].astype(int), columns[1].astype(int), columns[2]
        images, right = (np.bincount(part, minlength=num_classes) for part in (labels, labels[ranks == 0]))
        hits = np.array([(ranks < k).sum() for k in range(1, max(self.topk, default=1) + 1)])
        gaps = calibration_gaps(confidences, ranks == 0, self.num_bins) if self.num_bins else np.empty(0)
        return images, right, hits, gaps


def _score_and_label(sample) -> tuple[torch.Tensor, int]:
    score, label = sample.get('pred_score'), sample.get('gt_label')
    if score is None or label is None:
        raise ValueError(
            f'a data sample must have pred_score and gt_label, but has only {sorted(sample.keys())}'
        )
    if label.numel() != 1:
        raise ValueError(f'gt_label must be one class, got {label.tolist()}: a multi-label set?')
    return score, int(label)


def _ranks(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Number of classes ranked before each image's own, (B,): 0 is a right prediction."""
    own = scores.gather(1, labels[:, None])
    index = torch.arange(scores.shape[1], device=scores.device)
    first = (scores > own) | ((scores == own) & (index < labels[:, None]))
    return first.sum(dim=1)
