"""Against a search over all thresholds, and scikit-learn's curve."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve

from mmlongtail.evaluation.functional import class_thresholds
from mmlongtail.evaluation.functional.class_thresholds import _logit, _of_best_f1, best_shared_threshold


def searched(scores: np.ndarray, targets: np.ndarray, precision: float) -> float:
    """The lowest threshold of a precision for one class, threshold by threshold."""
    if not targets.any():
        return 0.5
    chosen = float(np.nextafter(scores.max(), np.inf))
    for threshold in sorted(set(scores.tolist()), reverse=True):
        predicted = scores >= threshold
        hits = int((predicted & (targets == 1)).sum())
        chosen = threshold if hits / predicted.sum() >= precision else chosen
    return chosen


@pytest.mark.parametrize('precision', [0.3, 0.7, 1.0])
@pytest.mark.parametrize('digits', [1, 8])
def test_a_precision_equals_a_search_with_and_without_ties(precision, digits):
    noise = np.random.RandomState(0)
    targets = (noise.rand(60, 12) < noise.rand(12)).astype(int)
    targets[:, 3] = 0
    scores = np.round(0.3 * targets + 0.7 * noise.rand(60, 12), digits)
    expected = [searched(scores[:, k], targets[:, k], precision) for k in range(12)]
    np.testing.assert_array_equal(class_thresholds(scores, targets, precision), expected)


def test_a_class_alone_has_the_best_f1_on_the_curve_of_scikit_learn():
    noise = np.random.RandomState(1)
    targets = noise.rand(200, 5) < 0.2
    scores = np.round(noise.rand(200, 5) * 0.7 + 0.2 * targets, 2)
    for k, threshold in enumerate(_of_best_f1(scores, targets)):
        precision, recall, _ = precision_recall_curve(targets[:, k], scores[:, k])
        f1 = (2 * precision * recall / np.maximum(precision + recall, 1e-12))[:-1]
        assert f1_score(targets[:, k], scores[:, k] >= threshold) == pytest.approx(f1.max())


def test_few_positives_are_drawn_to_the_threshold_of_all_classes():
    """By hand, in logits: two positives count as much as what all classes share."""
    rows = np.array([[3.0, -1.0], [2.0, -2.0], [1.0, -3.0], [-4.0, -4.0]])
    scores, targets = 1 / (1 + np.exp(-rows)), np.array([[1, 1], [1, 0], [1, 0], [0, 0]])
    [shared] = [_logit(best_shared_threshold(scores, targets))]
    own = np.array([(1 - 4) / 2, (-1 - 2) / 2])  # halfway from the last that is predicted to the next
    expected = (np.array([3, 1]) * own + 2 * shared) / np.array([5, 3])
    np.testing.assert_allclose(_logit(class_thresholds(scores, targets)), expected, atol=1e-6)


def test_the_threshold_of_all_classes_has_their_best_mean_f1():
    noise = np.random.RandomState(2)
    targets = noise.rand(80, 6) < 0.3
    targets[:, 2] = False
    scores = noise.rand(80, 6) * 0.6 + 0.4 * targets * noise.rand(80, 6)

    def mean_f1(threshold: float) -> float:
        known = [0, 1, 3, 4, 5]
        return f1_score(targets[:, known], scores[:, known] >= threshold, average='macro')

    best = max(map(mean_f1, np.unique(scores)))
    assert mean_f1(best_shared_threshold(scores, targets)) == pytest.approx(best, abs=0.01)


def test_of_equal_thresholds_of_all_classes_the_highest_is_taken():
    assert best_shared_threshold(np.array([[0.9], [0.2]]), np.array([[True], [False]])) == 0.9


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
@pytest.mark.parametrize('precision', [None, 0.5])
def test_thresholds_have_the_type_of_the_scores(dtype, precision):
    scores = np.array([[0.9], [0.5], [0.1]], dtype)
    for targets in ([[0], [1], [0]], [[0], [0], [0]]):
        thresholds = class_thresholds(scores, np.array(targets), precision)
        assert thresholds.dtype == (np.float32 if dtype is np.float16 else dtype)


def test_on_other_images_rare_classes_are_predicted_better_than_by_half():
    """Drawn scores: 4 classes of 2 positives in 100 on which the model scores low; means over 20 draws."""
    noise, gains = np.random.RandomState(3), []
    for _ in range(20):
        targets = noise.rand(600, 8) < np.array([0.4] * 4 + [0.02] * 4)
        logits = noise.randn(600, 8) + np.array([-1.0] * 4 + [-4.0] * 4) + 3 * targets
        scores = 1 / (1 + np.exp(-logits))
        thresholds = class_thresholds(scores[:100], targets[:100])
        of = [f1_score(targets[100:], scores[100:] >= t, average='macro') for t in (0.5, thresholds)]
        gains.append(of[1] - of[0])
    assert np.mean(gains) > 0.05 and np.mean(np.array(gains) < 0) < 0.2


def test_a_precision_that_no_threshold_has_predicts_nothing():
    scores, targets = np.array([[0.9], [0.5], [0.1]], np.float32), np.array([[0], [1], [0]])
    [threshold] = class_thresholds(scores, targets, 0.9)
    assert threshold.dtype == np.float32 and threshold > scores.max() and threshold < 0.9001


def test_scores_that_are_all_equal():
    scores, targets = np.full((4, 2), 0.25), np.array([[1, 0], [0, 0], [1, 0], [0, 0]])
    np.testing.assert_allclose(class_thresholds(scores, targets), [0.25, 0.25])
    assert class_thresholds(scores, np.zeros((4, 2))).tolist() == [0.5, 0.5]
    assert class_thresholds(scores, targets, 0.5).tolist() == [0.25, 0.5]


@pytest.mark.parametrize('precision', [0, 1.5, float('nan'), True])
def test_a_wrong_precision_is_named(precision):
    with pytest.raises(ValueError, match='precision is'):
        class_thresholds([[0.5]], [[1]], precision)
