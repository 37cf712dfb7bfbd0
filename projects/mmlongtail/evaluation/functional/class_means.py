"""Means over the images of each class."""

from __future__ import annotations

import numpy as np


def class_means(values: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Mean of the values of each class's images, (K,); NaN for a class without any.

    Args:
        values: One number or truth value per image, (N,).
        labels: Class ids, (N,).
        num_classes: K.

    Example:
        >>> class_means([1, 0, 1], [0, 0, 1], num_classes=3)
        array([0.5, 1. , nan])
    """
    images = np.bincount(labels, minlength=num_classes)
    sums = np.bincount(labels, values, num_classes)
    return np.divide(sums, images, out=np.full(num_classes, np.nan), where=images > 0)
