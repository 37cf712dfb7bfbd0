"""Against scikit-learn, which goes class by class, and against cases worked by hand."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmlongtail.evaluation.functional import average_precision


def sklearn_by_class(scores, targets):
    return [average_precision_score(t, s) if t.any() else np.nan for s, t in zip(scores.T, targets.T)]


def test_hand_worked():
    scores = np.array([[0.9, 0.5], [0.8, 0.5], [0.7, 0.4], [0.6, 0.1]])
    targets = np.array([[1, 1], [0, 0], [1, 0], [0, 1]])
    # class 0: hits at ranks 1 and 3: (1/1 + 2/3) / 2
    # class 1: the two 0.5 are one threshold, precision 1/2; the other hit is last: (1/2 + 2/4) / 2
    assert average_precision(scores, targets) == pytest.approx([5 / 6, 1 / 2], abs=1e-12)


@pytest.mark.parametrize('decimals', [0, 1, 2, 17])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_equals_sklearn_with_any_ties(decimals, dtype):
    rng = np.random.default_rng(decimals)
    for num_images in (1, 2, 3, 17, 200):
        scores = np.round(rng.normal(size=(num_images, 9)), decimals).astype(dtype)
        targets = rng.random((num_images, 9)) < rng.random(9)  # from rare to nearly everywhere
        expected = sklearn_by_class(scores, targets)
        np.testing.assert_allclose(average_precision(scores, targets), expected, atol=1e-12)


def test_order_of_images_never_counts():
    rng = np.random.default_rng(0)
    scores, targets = rng.integers(0, 4, (50, 6)) / 4, rng.random((50, 6)) < 0.3
    shuffle = rng.permutation(50)
    ours, shuffled = average_precision(scores, targets), average_precision(scores[shuffle], targets[shuffle])
    np.testing.assert_allclose(shuffled, ours, rtol=1e-12)


def test_all_equal_scores_give_the_share_of_positives():
    targets = np.arange(10)[:, None] < [1, 4, 10]
    assert average_precision(np.full((10, 3), 0.3), targets) == pytest.approx([0.1, 0.4, 1.0])


@pytest.mark.parametrize('infinite', [np.inf, -np.inf])
def test_infinite_scores_rank_like_very_large_ones(infinite):
    scores = np.array([[0.1], [infinite], [0.3], [infinite], [0.2]])
    targets = np.array([[1], [0], [0], [1], [1]])
    large = np.where(np.isinf(scores), np.sign(infinite) * 1e30, scores)
    assert average_precision(scores, targets) == pytest.approx(sklearn_by_class(large, targets))


def test_class_without_positives_is_nan_and_single_image_works():
    assert np.isnan(average_precision([[0.5, 0.2]], [[1, 0]])).tolist() == [False, True]
    assert average_precision([[0.5, 0.2]], [[1, 0]])[0] == 1


def test_chunks_of_classes_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    scores, targets = rng.random((40, 11)), rng.random((40, 11)) < 0.3
    whole = average_precision(scores, targets)
    monkeypatch.setitem(average_precision.__globals__, 'CHUNK', 120)  # three classes at a time
    np.testing.assert_allclose(average_precision(scores, targets), whole, rtol=1e-12)


def test_threads_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    scores, targets = rng.integers(0, 9, (40, 11)).astype(np.float16), rng.random((40, 11)) < 0.3
    for name, value in dict(CHUNK=120, THREADS_FROM=1).items():
        monkeypatch.setitem(average_precision.__globals__, name, value)
    np.testing.assert_allclose(
        average_precision(scores, targets), sklearn_by_class(scores, targets), atol=1e-9
    )


def test_memory():
    rng = np.random.default_rng(2)
    scores, targets = rng.random((20_000, 400), dtype=np.float32), rng.random((20_000, 400)) < 0.01
    tracemalloc.start()
    average_precision(scores, targets)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6  # bytes for any number of classes: a copy of all scores would take 32e6


def test_arguments_stay_as_they_were():
    scores, targets = np.array([[0.2], [0.7]], np.float32), np.array([[1], [0]])
    average_precision(scores, targets)
    assert scores.ravel().tolist() == pytest.approx([0.2, 0.7]) and targets.ravel().tolist() == [1, 0]


@pytest.mark.parametrize(
    'scores, targets, message',
    [
        ([[0.1, np.nan], [np.nan, np.nan], [0.3, 0.1]], [[1, 0]] * 3, 'NaN in 2 of 3 images'),
        ([[0.1, 0.2]], [[1, -1]], r'targets must be 0 or 1, got \[-1\]'),
        ([[0.1, 0.2]], [[0.5, 0.25]], r'targets must be 0 or 1, got \[0.25, 0.5\]'),
        ([[0.1, 0.2]], [[1], [0]], r'got \(1, 2\) and \(2, 1\)'),
        ([0.1, 0.2], [1, 0], r'must both be \(N, K\)'),
        (np.zeros((0, 3)), np.zeros((0, 3)), r'N and K > 0'),
    ],
)
def test_bad_input_is_named(scores, targets, message):
    with pytest.raises(ValueError, match=message):
        average_precision(scores, targets)


@pytest.mark.parametrize('order', ['C', 'F'])
@pytest.mark.parametrize('num_classes', [1, 3])
def test_the_caller_keeps_its_scores(order, num_classes):
    scores = np.array(np.random.default_rng(0).random((9, num_classes)), order=order)
    before = scores.copy()
    average_precision(scores, before > 0.5)
    np.testing.assert_array_equal(scores, before)
