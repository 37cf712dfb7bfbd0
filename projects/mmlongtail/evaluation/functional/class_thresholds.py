"""A threshold for each class, chosen on scores and labels of validation images."""

from __future__ import annotations

import numpy as np

from mmlongtail.structures import checks

from .average_precision import check_scores_and_targets

UNKNOWN = 0.5  # where nothing is positive
PRIOR = 2  # positives that the threshold of all classes counts for
CANDIDATES = 400  # for the threshold of all classes
EDGE = 1e-6  # of the scores' logits


def class_thresholds(scores: np.ndarray, targets: np.ndarray, precision: float | None = None) -> np.ndarray:
    """The score from which each class counts as present: that of a good F1, or the lowest of a wanted precision.

    ``score >= threshold`` predicts the class. A class with few positives does not know its best threshold, so for F1 it
    is drawn to the threshold of the best mean F1 of all classes: between the logits of the two, the class's own counts
    as its positives do and the other as ``PRIOR``. The class's own is halfway, in logits, between the lowest score
    that it predicts and the next one, as the highest of several thresholds of the best F1. For a wanted precision a
    threshold is one of the class's scores; where none has it, it lies just above all scores: the class is never
    predicted.

    Args:
        scores: Probabilities, (N, K).
        targets: Multi-hot labels, (N, K), 0 or 1.
        precision: The wanted precision, above 0 and up to 1; None takes a good F1.

    Returns:
        Thresholds, (K,), of the scores' type. A class without positives has that of all classes for F1, else 0.5.

    Raises:
        ValueError: If the precision is out of range, or as
            :func:`~mmlongtail.evaluation.functional.average_precision`.

    Example:
        >>> scores, targets = [[0.9], [0.6], [0.4], [0.2]], [[1], [0], [1], [0]]
        >>> class_thresholds(scores, targets, precision=0.9)
        array([0.9])
    """
    checks.number('precision', precision, above=0, at_most=1, optional=True)
    scores, targets = check_scores_and_targets(scores, targets)
    scores = scores.astype(np.promote_types(scores.dtype, np.float32), copy=False)
    if precision is not None:
        return _of_precision(scores, targets, precision)
    positives = targets.sum(axis=0)
    if not positives.any():
        return np.full(len(positives), UNKNOWN, scores.dtype)
    own, shared = _logit(_of_best_f1(scores, targets)), _logit(best_shared_threshold(scores, targets))
    own = np.where(positives > 0, own, 0)
    drawn = (positives * own + PRIOR * shared) / (positives + PRIOR)
    return (1 / (1 + np.exp(-drawn))).astype(scores.dtype)


def best_shared_threshold(scores: np.ndarray, targets: np.ndarray) -> float:
    """The one threshold of all classes with the best mean F1 of those that have positives; of equal ones the highest.

    Args:
        scores: Probabilities, (N, K).
        targets: Which are positive, (N, K) bool, some of them.
    """
    positives = targets.sum(axis=0)
    known = positives > 0
    best, found = -1.0, UNKNOWN
    for threshold in np.quantile(scores, np.linspace(0, 1, CANDIDATES))[::-1]:
        claimed = scores >= threshold
        f1 = (2 * (claimed & targets).sum(axis=0) / np.maximum(claimed.sum(axis=0) + positives, 1))[
            known
        ].mean()
        if f1 > best:
            best, found = f1, float(threshold)
    return found


def _of_best_f1(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Each class's threshold of the best F1 on these scores, (K,)."""
    ranked, hits, is_cut = _ranked(scores, targets)
    claims = np.arange(1, len(scores) + 1)[:, None]
    chosen = np.where(is_cut, 2 * hits / (claims + hits[-1]), -1).argmax(axis=0)
    columns = np.arange(ranked.shape[1])
    lowest, following = ranked[chosen, columns], ranked[np.minimum(chosen + 1, len(ranked) - 1), columns]
    middle = (_logit(lowest) + _logit(following)) / 2
    return 1 / (1 + np.exp(-middle))


def _of_precision(scores: np.ndarray, targets: np.ndarray, precision: float) -> np.ndarray:
    """Each class's lowest threshold of a precision, (K,)."""
    ranked, hits, is_cut = _ranked(scores, targets)
    good = is_cut & (hits / np.arange(1, len(scores) + 1)[:, None] >= precision)
    chosen = len(good) - 1 - good[::-1].argmax(axis=0)
    at_cut = np.take_along_axis(ranked, chosen[None], axis=0)[0]
    above_all = np.nextafter(ranked[0], np.inf, dtype=ranked.dtype)
    thresholds = np.where(good.any(axis=0), at_cut, above_all)
    return np.where(hits[-1] > 0, thresholds, ranked.dtype.type(UNKNOWN))


def _ranked(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of each class in falling order, positives up to each, and which end a run of equal ones, (N, K) each."""
    order = np.argsort(-scores, axis=0, kind='stable')
    ranked = np.take_along_axis(scores, order, axis=0)
    hits = np.take_along_axis(targets, order, axis=0).cumsum(axis=0)
    is_cut = np.ones(ranked.shape, bool)
    is_cut[:-1] = ranked[:-1] != ranked[1:]
    return ranked, hits, is_cut


def _logit(scores: np.ndarray | float) -> np.ndarray:
    inside = np.clip(np.asarray(scores, np.float64), EDGE, 1 - EDGE)
    return np.log(inside / (1 - inside))
