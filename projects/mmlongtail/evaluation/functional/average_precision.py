"""Average precision of every class at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

CHUNK = 1 << 18  # scores sorted at a time, which a processor's cache holds
THREADS_FROM = 50_000 * 1_000  # scores from which classes are shared between threads


def average_precision(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Area under the un-interpolated precision-recall curve: ``sum_n (R_n - R_(n-1)) P_n``.

    Equal to ``sklearn.metrics.average_precision_score`` class by class: images with equal scores share one
    threshold, so their order never counts. Infinite scores are ranked like any other. The area is the mean, over a
    class's positives, of the share of positives among all images that score at least as high.

    Args:
        scores: Scores or logits, (N, K), floating.
        targets: Multi-hot labels, (N, K), 0 or 1.

    Returns:
        AP in [0, 1], (K,), float64; NaN for a class without positives.

    Raises:
        ValueError: If the shapes differ, a score is NaN or a target is neither 0 nor 1.

    Example:
        >>> average_precision([[0.9, 0.2], [0.6, 0.7], [0.4, 0.4]], [[1, 0], [0, 1], [1, 0]]).round(3)
        array([0.833, 1.   ])
    """
    scores, targets = check_scores_and_targets(scores, targets)
    num_images, num_classes = scores.shape
    step = max(1, CHUNK // num_images)
    chunks = [slice(first, first + step) for first in range(0, num_classes, step)]
    parts = ((scores[:, chunk], targets[:, chunk]) for chunk in chunks)
    if scores.size < THREADS_FROM:
        return np.concatenate([_average_precision(*part) for part in parts])
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # sorting leaves the interpreter to others
        return np.concatenate(list(pool.map(lambda part: _average_precision(*part), parts)))


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


def _average_precision(scores: np.ndarray, targets: np.ndarray) -> list[float]:
    """The same of some classes, (N, k), already checked."""
    # NumPy has no fast sort of half precision; every half is a float32.
    dtype = np.float32 if scores.dtype == np.float16 else scores.dtype
    every = np.array(scores.T, dtype, order='C')  # (k, N), a copy: it is sorted in place
    is_positive = np.ascontiguousarray(targets.T)
    positives = [np.sort(row[mask]) for row, mask in zip(every, is_positive)]  # of each class, ascending
    every.sort(axis=1)
    return [_mean_precision(*rows) for rows in zip(every, positives)]


def _mean_precision(every: np.ndarray, positives: np.ndarray) -> float:
    """Mean over the positives of the precision down to their score, from ascending scores of one class."""
    if not len(positives):
        return float('nan')
    above = len(every) - np.searchsorted(every, positives)  # all scores that are not below a positive's
    hits = len(positives) - np.searchsorted(positives, positives)
    return float((hits / above).mean())
