"""Against a search over all thresholds, and scikit-learn's curve."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from mmlongtail.evaluation.functional import class_thresholds


def searched(scores: np.ndarray, targets: np.ndarray, precision: float | None) -> float:
    """The same for one class, threshold by threshold."""
    if not targets.any():
        return 0.5
    best, chosen = -1.0, float(np.nextafter(scores.max(), np.inf))
    for threshold in sorted(set(scores.tolist()), reverse=True):
        predicted = scores >= threshold
        hits = int((predicted & (targets == 1)).sum())
        if precision is not None:
            chosen = threshold if hits / predicted.sum() >= precision else chosen
        elif (f1 := 2 * hits / (predicted.sum() + targets.sum())) > best:
            best, chosen = f1, threshold
    return chosen


@pytest.mark.parametrize('precision', [None, 0.3, 0.7, 1.0])
@pytest.mark.parametrize('digits', [1, 8])
def test_equals_a_search_with_and_without_ties(precision, digits):
    noise = np.random.RandomState(0)
    targets = (noise.rand(60, 12) < noise.rand(12)).astype(int)
    targets[:, 3] = 0
    scores = np.round(0.3 * targets + 0.7 * noise.rand(60, 12), digits)
    expected = [searched(scores[:, k], targets[:, k], precision) for k in range(12)]
    np.testing.assert_array_equal(class_thresholds(scores, targets, precision), expected)


def test_best_f1_on_the_curve_of_scikit_learn():
    noise = np.random.RandomState(1)
    targets = noise.rand(200, 5) < 0.2
    scores = np.round(noise.rand(200, 5) + 0.3 * targets, 2)
    for k, threshold in enumerate(class_thresholds(scores, targets)):
        precision, recall, thresholds = precision_recall_curve(targets[:, k], scores[:, k])
        f1 = (2 * precision * recall / np.maximum(precision + recall, 1e-12))[:-1]
        assert f1[thresholds == threshold] == pytest.approx(f1.max())


def test_a_precision_that_no_threshold_has_predicts_nothing():
    scores, targets = np.array([[0.9], [0.5], [0.1]], np.float32), np.array([[0], [1], [0]])
    [threshold] = class_thresholds(scores, targets, 0.9)
    assert threshold.dtype == np.float32 and threshold > scores.max() and threshold < 0.9001


def test_scores_that_are_all_equal():
    scores, targets = np.full((4, 2), 0.25), np.array([[1, 0], [0, 0], [1, 0], [0, 0]])
    assert class_thresholds(scores, targets).tolist() == [0.25, 0.5]


@pytest.mark.parametrize('precision', [0, 1.5, float('nan'), True])
def test_a_wrong_precision_is_named(precision):
    with pytest.raises(ValueError, match='precision is'):
        class_thresholds([[0.5]], [[1]], precision)
