"""F-scores of thresholded multi-label predictions."""

from __future__ import annotations

import numpy as np

from .average_precision import check_scores_and_targets


def f_scores(scores: np.ndarray, targets: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
    """The three F-scores that multi-label papers report.

    Args:
        scores: Probabilities, (N, K).
        targets: Multi-hot labels, (N, K), 0 or 1.
        threshold: A score of at least this much predicts the class.

    Returns:
        In [0, 1]: ``CF1`` (harmonic mean of the mean precision and the mean recall over classes), ``OF1`` (of
        precision and recall over all decisions) and ``macro_F1`` (mean over classes of their F1). The means
        leave out classes without positives; a class that is never predicted has precision 0. NaN if nothing
        is positive.

    Raises:
        ValueError: As :func:`~mmlongtail.evaluation.functional.average_precision`.

    Example:
        >>> {name: round(score, 2) for name, score in f_scores([[0.9], [0.6]], [[1], [0]]).items()}
        {'CF1': 0.67, 'OF1': 0.67, 'macro_F1': 0.67}
    """
    scores, targets = check_scores_and_targets(scores, targets)
    return f_scores_of(f_score_counts(scores, targets, threshold))


def f_score_counts(scores: np.ndarray, targets: np.ndarray, threshold: float) -> np.ndarray:
    """Right predictions, predictions and positives of each class, (3, K), from boolean targets."""
    predicted = scores >= threshold
    return np.stack([array.sum(axis=0) for array in (predicted & targets, predicted, targets)])


def f_scores_of(counts: np.ndarray) -> dict[str, float]:
    """The F-scores, from the counts of :func:`f_score_counts` of all classes."""
    hits, claims, positives = counts
    if not positives.any():
        return dict.fromkeys(('CF1', 'OF1', 'macro_F1'), float('nan'))
    known = positives > 0
    precision = (hits[known] / np.maximum(claims[known], 1)).mean()
    recall = (hits[known] / positives[known]).mean()
    return dict(
        CF1=float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0,
        OF1=float(2 * hits.sum() / (claims.sum() + positives.sum())),
        macro_F1=float((2 * hits[known] / (claims + positives)[known]).mean()),
    )
