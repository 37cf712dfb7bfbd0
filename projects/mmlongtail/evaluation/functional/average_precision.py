"""Average precision of every class at once."""

from __future__ import annotations

import numpy as np

CHUNK = 1 << 21  # scores sorted at a time: about 110 MB of work space


def average_precision(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Area under the un-interpolated precision-recall curve: ``sum_n (R_n - R_(n-1)) P_n``.

    Equal to ``sklearn.metrics.average_precision_score`` class by class: images with equal scores share one
    threshold, so their order never counts. Infinite scores are ranked like any other.

    Args:
        scores: Scores or logits, (N, K), floating.
        targets: Multi-hot labels, (N, K), 0 or 1.

    Returns:
        AP in [0, 1], (K,), float64; NaN for a class without positives.

    Raises:
        ValueError: If the shapes differ, a score is NaN or a target is neither 0 nor 1.
    """
    scores, targets = check_scores_and_targets(scores, targets)
    num_images, num_classes = scores.shape
    step = max(1, CHUNK // num_images)
    chunks = [slice(first, first + step) for first in range(0, num_classes, step)]
    return np.concatenate([_average_precision(scores[:, chunk].T, targets[:, chunk].T) for chunk in chunks])


def check_scores_and_targets(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, the targets boolean; raises what :func:`average_precision` says."""
    scores, targets = np.asarray(scores), np.asarray(targets)
    if scores.ndim != 2 or scores.shape != targets.shape or not scores.size:
        raise ValueError(
            f'scores and targets must both be (N, K), N and K > 0: got {scores.shape} and {targets.shape}'
        )
    broken = np.isnan(scores).any(axis=1).sum()
    if broken:
        raise ValueError(f'scores hold NaN in {broken} of {len(scores)} images: has the training diverged?')
    if targets.dtype != bool:
        positive = targets == 1
        if not (positive | (targets == 0)).all():
            raise ValueError(f'targets must be 0 or 1, got {np.unique(targets[~positive])[:5].tolist()}')
        targets = positive
    return scores, targets


def _average_precision(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The same for classes along the first axis, (K, N), already checked."""
    descending = np.argsort(scores, axis=1)[:, ::-1]
    ranked = np.take_along_axis(scores, descending, axis=1)
    hits = np.take_along_axis(targets, descending, axis=1).cumsum(axis=1)  # true positives down to a rank
    is_threshold = np.ones(ranked.shape, bool)  # the last of each run of equal scores
    is_threshold[:, :-1] = ranked[:, :-1] != ranked[:, 1:]
    found = np.maximum.accumulate(hits * is_threshold, axis=1)  # true positives down to the latest threshold
    gained = np.diff(found, axis=1, prepend=0)  # non-zero at thresholds only
    precision = hits / np.arange(1, scores.shape[1] + 1)
    positives = hits[:, -1]
    area = (gained * precision).sum(axis=1)
    return np.divide(area, positives, out=np.full(len(area), np.nan), where=positives > 0)
