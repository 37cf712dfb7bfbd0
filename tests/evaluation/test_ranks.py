"""What two processes exchange, against the same arrays in one; one of them may have more images, or none."""

import numpy as np
import pytest
import torch
from mmengine.dist import collect_results
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample

from mmlongtail.evaluation import ranks

SCORES = torch.arange(35.0).view(7, 5)
SIZES = ((3, 4), (7, 0), (1, 6))  # images of each process


def own(rows, sizes, rank):
    return rows[: sizes[0]] if rank == 0 else rows[sizes[0] :]


def exchanged(rank):
    """All that two processes do."""
    columns = [
        ranks.exchange_classes(own(SCORES.to(dtype), sizes, rank))
        for sizes in SIZES
        for dtype in (torch.float32, torch.float64, torch.bool)
    ]
    kept = [ranks.rows_before_padding(sizes[rank], size) for sizes in SIZES for size in range(1, 9)]
    host = [collect_results(list(range(sizes[rank])), size, 'cpu') for sizes in SIZES for size in range(1, 9)]
    joined = ranks.join_classes(columns[0].double().numpy())
    total = ranks.sum_over_ranks(np.array([rank + 1, 10]))
    with pytest.raises(ValueError, match='no such class'):
        ranks.same_in_all(lambda: 1 if rank else int_of_a_word())
    return columns, kept, host, joined, total, metrics_of_one_process_without_images(rank)


def int_of_a_word():
    raise ValueError('no such class')


def samples(single):
    """Five images, of which each class has one."""
    scores = torch.eye(5).roll(1, 0) * 0.2 + torch.linspace(0.1, 0.3, 5)
    kind = (lambda k: k) if single else (lambda k: [k])
    return [DataSample().set_pred_score(row).set_gt_label(kind(k)) for k, row in enumerate(scores)]


def metrics_of_one_process_without_images(rank):
    """Results of both metrics where the second process has nothing; None for one process with all."""
    results = {}
    for name in ('LongTailSingleLabelMetric', 'LongTailMultiLabelMetric'):
        metric = METRICS.build(dict(type=name, class_counts=[500, 60, 30, 10, 2]))
        if not rank:
            metric.process(None, samples('Single' in name))
        results |= metric.evaluate(5)
    return results


def test_two_processes_exchange_what_one_has(two_ranks):
    first, second = two_ranks(exchanged)
    halves = zip(first[0], second[0])
    for i, (low, high) in enumerate(halves):
        dtype = (torch.float32, torch.float64, torch.bool)[i % 3]
        assert low.dtype == high.dtype == dtype and (low.shape[1], high.shape[1]) == (2, 3)
        assert torch.equal(torch.cat([low, high], 1), SCORES.to(dtype))
    for mine, yours, together in zip(first[1], second[1], first[2]):
        assert mine + yours == len(together)  # as many as MMEngine keeps
    np.testing.assert_array_equal(first[3], SCORES)
    assert first[4].tolist() == second[4].tolist() == [3, 20]
    assert first[5] == second[5] == pytest.approx(metrics_of_one_process_without_images(0))


def test_one_process_keeps_its_rows_and_its_errors():
    assert ranks.exchange_classes(SCORES) is SCORES
    assert [ranks.rows_before_padding(7, size) for size in (5, 7, 9)] == [5, 7, 7]
    assert ranks.same_in_all(lambda: 3) == 3
    with pytest.raises(ValueError, match='no such class'):
        ranks.same_in_all(int_of_a_word)
