"""Any metric of the ensemble of several experts and of each expert, in one test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from logging import WARNING

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmpretrain.registry import METRICS

from mmlongtail.structures import checks

from ...structures import ClassStatistics

SINGLE_LABEL = dict(type='LongTailSingleLabelMetric')


@METRICS.register_module()
class PerExpertMetric(BaseMetric):
    """A metric of ``pred_score`` (K,) under its own prefix, and of each row of ``expert_scores`` (E, K).

    Source: Tan et al., "NCL++: Nested Collaborative Learning for Long-Tailed Visual Recognition", 2023, section 4,
    which reports the ensemble and a single expert. Expert i's results are ``expert<i>/...``, their means over the
    experts ``single/...``. The scores are MultiExpertHead's.

    Args:
        metric: Config of a metric that reads ``pred_score`` and keeps one result per sample, such as
            LongTailMultiLabelMetric; ``SINGLE_LABEL`` if None. Its per-class dump is the ensemble's.

    Raises:
        ValueError: If a data sample has no ``expert_scores``, or the metric does not keep one result per sample.
    """

    def __init__(self, metric: dict | None = None) -> None:
        self.ensemble: BaseMetric = METRICS.build(
            SINGLE_LABEL if metric is None else checks.config('metric', metric, METRICS)
        )
        self.experts: list[BaseMetric] = []
        where = dict(collect_device=self.ensemble.collect_device, collect_dir=self.ensemble.collect_dir)
        super().__init__(prefix='single', **where)
        self.prefix = None  # the results' names are complete

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        """Set what is known of the data set, in the inner metrics too."""
        for metric in (self, self.ensemble, *self.experts):
            metric._dataset_meta = dataset_meta

    @property
    def report(self):
        """The latest report of the ensemble, where the metric has one."""
        return self.ensemble.report

    def set_class_statistics(self, statistics: ClassStatistics) -> None:
        """Hand the training set's statistics to the metrics that take them."""
        statistics.hand_to((self.ensemble, *self.experts))

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep each sample's results of all metrics."""
        samples = [dict(s if isinstance(s, dict) else s.to_dict()) for s in data_samples]
        scores = [sample.pop('expert_scores', None) for sample in samples]  # B of (E, K)
        if any(score is None for score in scores):
            raise ValueError(
                f'a data sample must have expert_scores, but has only {sorted(samples[0])}: PerExpertMetric '
                'expects the predictions of a MultiExpertHead'
            )
        columns = [_results(self.ensemble, data_batch, samples)]
        for i, metric in enumerate(self._copies(len(scores[0]))):
            of_expert = [_with_score(sample, score[i]) for sample, score in zip(samples, scores)]
            columns.append(_results(metric, data_batch, of_expert))
        self.results += zip(*columns)

    def evaluate(self, size: int) -> dict[str, float]:
        """The results of all metrics, each of which puts those of several processes together in its own way."""
        number = max(all_gather_object(len(self.results[0]) if self.results else 1))
        ensemble, *experts = zip(*self.results) if self.results else [()] * number
        self.results.clear()
        metrics = _evaluate(self.ensemble, ensemble, size)
        with _warnings_only():
            singles = [
                _evaluate(metric, column, size) for metric, column in zip(self._copies(number - 1), experts)
            ]
        common = [key for key in singles[0] if all(_is_number(single.get(key)) for single in singles)]
        mean = {key: sum(single[key] for single in singles) / len(singles) for key in common}
        for name, single in [*((f'expert{i}', single) for i, single in enumerate(singles)), ('single', mean)]:
            print_log(f'{name}: {_line(single)}', 'current')
            metrics.update({f'{name}/{key}': value for key, value in single.items()})
        return metrics

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Not used: the metrics compute."""
        raise NotImplementedError('PerExpertMetric computes in evaluate')

    def _copies(self, number: int) -> list[BaseMetric]:
        """The metrics of so many experts, made when the first sample says how many there are."""
        while len(self.experts) < number:
            copy = deepcopy(self.ensemble)
            copy.results.clear()
            copy.prefix = None
            if hasattr(copy, 'dump_per_class'):  # one file holds the scores of one
                copy.dump_per_class = False
            self.experts.append(copy)
        return self.experts[:number]


def _with_score(sample: dict, score) -> dict:
    """The sample as one expert predicts it; the label was the ensemble's."""
    return {key: value for key, value in sample.items() if key != 'pred_label'} | dict(pred_score=score)


def _results(metric: BaseMetric, data_batch, samples: list[dict]) -> list:
    """What a metric keeps of these samples."""
    metric.process(data_batch, samples)
    kept = list(metric.results)
    metric.results.clear()
    if len(kept) != len(samples):
        raise ValueError(
            f'metric: {type(metric).__name__} keeps {len(kept)} results of {len(samples)} samples, expected one of '
            'each sample'
        )
    return kept


def _evaluate(metric: BaseMetric, results: Sequence, size: int) -> dict[str, float]:
    """What a metric makes of results that it has kept before."""
    metric.results = list(results)
    return metric.evaluate(size)


@contextmanager
def _warnings_only() -> Iterator[None]:
    """Leave the tables of the experts out of the log; a line of each follows."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(max(level, WARNING))
    try:
        yield
    finally:
        logger.setLevel(level)


def _is_number(value) -> bool:
    return isinstance(value, (int, float))


def _line(results: dict) -> str:
    return ', '.join(f'{key} {value:.2f}' for key, value in results.items() if _is_number(value))
