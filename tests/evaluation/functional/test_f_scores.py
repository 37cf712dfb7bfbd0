"""Against scikit-learn and a case worked by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from mmlongtail.evaluation.functional import f_scores


def test_hand_worked():
    scores = np.array([[0.9, 0.5, 0.6], [0.4, 0.6, 0.0], [0.7, 0.2, 0.0]])
    targets = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0]])
    # class 0: precision 2/2, recall 2/3; class 1: precision 1/2 (0.5 counts), recall 1/1; 2: no positives
    result = f_scores(scores, targets)
    assert result['CF1'] == pytest.approx(2 * (3 / 4) * (5 / 6) / (3 / 4 + 5 / 6))
    assert result['OF1'] == pytest.approx(2 * 3 / (5 + 4))  # the false claim for class 2 counts here
    assert result['macro_F1'] == pytest.approx((4 / 5 + 2 / 3) / 2)


@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.5, 1.1])
def test_equals_sklearn(threshold):
    rng = np.random.default_rng(3)
    scores, targets = np.round(rng.random((60, 8)), 1), rng.random((60, 8)) < np.linspace(0.05, 0.9, 8)
    targets[0] = True
    predicted, zero = scores >= threshold, dict(zero_division=0)
    precision = precision_score(targets, predicted, average='macro', **zero)
    recall = recall_score(targets, predicted, average='macro', **zero)
    result = f_scores(scores, targets, threshold)
    assert result['CF1'] == pytest.approx(2 * precision * recall / max(precision + recall, 1e-9), abs=1e-12)
    assert result['OF1'] == pytest.approx(f1_score(targets, predicted, average='micro', **zero), abs=1e-12)
    assert result['macro_F1'] == pytest.approx(
        f1_score(targets, predicted, average='macro', **zero), abs=1e-12
    )


def test_without_any_positive_there_is_no_score():
    assert np.isnan(list(f_scores(np.full((4, 2), 0.7), np.zeros((4, 2))).values())).all()
