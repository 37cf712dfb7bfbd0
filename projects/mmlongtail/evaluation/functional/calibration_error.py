"""How far a classifier's confidence is from its accuracy."""

from __future__ import annotations

import numpy as np

from mmlongtail.structures import checks

SLACK = 1e-3  # a mean of half-precision probabilities may pass 1 by rounding


def expected_calibration_error(confidences: np.ndarray, correct: np.ndarray, num_bins: int = 15) -> float:
    """Expected calibration error: ``sum_b n_b / N |accuracy_b - confidence_b|`` over bins of equal width.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, eq. 3. Bin ``b`` of M holds the
    confidences in ``((b - 1) / M, b / M]``, the first one also 0.

    Args:
        confidences: Probability of the predicted class, (N,).
        correct: Whether the prediction is right, (N,), 0 or 1.
        num_bins: Number of bins.

    Returns:
        In [0, 1].

    Raises:
        ValueError: If the shapes differ or are empty, a confidence is no probability or there is no bin.

    Example:
        >>> round(expected_calibration_error([0.9, 0.6], [1, 0]), 2)
        0.35
    """
    confidences, correct = np.asarray(confidences, np.float64), np.asarray(correct, np.float64)
    if confidences.ndim != 1 or confidences.shape != correct.shape or not confidences.size:
        raise ValueError(
            f'confidences and correct must both be (N,), N > 0: got {confidences.shape} and {correct.shape}'
        )
    return float(np.abs(calibration_gaps(confidences, correct, num_bins)).sum() / len(correct))


def calibration_gaps(confidences: np.ndarray, correct: np.ndarray, num_bins: int) -> np.ndarray:
    """Sum of ``correct - confidence`` in each bin, ``n_b (accuracy_b - confidence_b)``, (num_bins,); N may be 0.

    Raises:
        ValueError: If a confidence is no probability or there is no bin.
    """
    checks.whole('num_bins', num_bins)
    if not len(confidences):
        return np.zeros(num_bins)
    low, high = confidences.min(), confidences.max()
    if not -SLACK <= low <= high <= 1 + SLACK:  # NaN fails too
        raise ValueError(f'confidences must be probabilities in [0, 1], got {low:.4g} to {high:.4g}')
    inner_edges = np.arange(1, num_bins) / num_bins
    bins = np.digitize(confidences, inner_edges, right=True)
    return np.bincount(bins, correct - confidences, num_bins)
