"""A threshold for each class, chosen on scores and labels of validation images."""

from __future__ import annotations

import numpy as np

from mmlongtail.structures import checks

from .average_precision import check_scores_and_targets

UNKNOWN = 0.5  # of a class without positives


def class_thresholds(scores: np.ndarray, targets: np.ndarray, precision: float | None = None) -> np.ndarray:
    """The score from which each class counts as present: the one of the best F1, or the lowest of a wanted precision.

    A threshold is one of the class's scores, and ``score >= threshold`` predicts the class, so images with equal scores
    are on the same side. Of several thresholds of the best F1 the highest is taken, which claims least. Where no
    threshold has the wanted precision, it lies just above all scores: the class is never predicted.

    Args:
        scores: Probabilities, (N, K).
        targets: Multi-hot labels, (N, K), 0 or 1.
        precision: The wanted precision, above 0 and up to 1; None takes the best F1.

    Returns:
        Thresholds, (K,), of the scores' type; 0.5 for a class without positives.

    Raises:
        ValueError: If the precision is out of range, or as
            :func:`~mmlongtail.evaluation.functional.average_precision`.

    Example:
        >>> class_thresholds([[0.9], [0.6], [0.4], [0.2]], [[1], [0], [1], [0]])
        array([0.4])
        >>> class_thresholds([[0.9], [0.6], [0.4], [0.2]], [[1], [0], [1], [0]], precision=0.9)
        array([0.9])
    """
    checks.number('precision', precision, above=0, at_most=1, optional=True)
    scores, targets = check_scores_and_targets(scores, targets)
    scores = scores.astype(np.promote_types(scores.dtype, np.float32), copy=False)
    order = np.argsort(-scores, axis=0, kind='stable')
    ranked = np.take_along_axis(scores, order, axis=0)
    hits = np.take_along_axis(targets, order, axis=0).cumsum(axis=0)
    claims, positives = np.arange(1, len(scores) + 1)[:, None], hits[-1]
    is_cut = np.ones(ranked.shape, bool)  # the last of each run of equal scores
    is_cut[:-1] = ranked[:-1] != ranked[1:]
    if precision is None:
        value = np.where(is_cut, 2 * hits / (claims + positives), -1)
        chosen, found = value.argmax(axis=0), True
    else:
        good = is_cut & (hits / claims >= precision)
        chosen, found = len(good) - 1 - good[::-1].argmax(axis=0), good.any(axis=0)
    at_cut = np.take_along_axis(ranked, chosen[None], axis=0)[0]
    above_all = np.nextafter(ranked[0], np.inf, dtype=ranked.dtype)
    thresholds = np.where(found, at_cut, above_all)
    return np.where(positives > 0, thresholds, ranked.dtype.type(UNKNOWN))
