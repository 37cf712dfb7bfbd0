"""Making a long-tailed single-label set out of a balanced one: how many images a class keeps, and which."""

from collections.abc import Sequence

import numpy as np

from mmlongtail.structures import checks


def imbalanced_counts(
    num_classes: int, max_count: int, imbalance_factor: float, imbalance_type: str = 'exp'
) -> np.ndarray:
    """Images per class of a long tail whose first class is ``imbalance_factor`` times as large as its last.

    Source: Cui et al., Class-Balanced Loss, CVPR 2019 ('exp'); Buda et al., 2018 ('step'), as LDAM (Cao et al.,
    NeurIPS 2019) writes them.

    Args:
        num_classes: Number K of classes.
        max_count: Images of the first class, ``n_max``.
        imbalance_factor: ``IF``, the ratio of the largest to the smallest class.
        imbalance_type: 'exp': class i has ``int(n_max IF^(-i/(K-1)))``. 'step': the first half of the classes has
            ``n_max``, the other ``int(n_max / IF)``.

    Returns:
        Images per class, (K,) int64.

    Raises:
        ValueError: If there is no class, the factor is not 1 ... ``max_count``, or the type is unknown.

    Example:
        >>> imbalanced_counts(4, max_count=100, imbalance_factor=100)
        array([100,  21,   4,   1])
    """
    checks.whole('num_classes', num_classes)
    most = checks.whole('max_count', max_count)
    checks.number(f'max_count={most}: imbalance_factor', imbalance_factor, at_least=1, at_most=most)
    checks.choice('imbalance_type', imbalance_type, ('exp', 'step'))
    if imbalance_type == 'step':
        in_tail = np.arange(num_classes) >= num_classes // 2
        return np.where(in_tail, int(max_count / imbalance_factor), max_count)
    last = max(num_classes - 1, 1)
    return np.array([int(max_count * imbalance_factor ** (-i / last)) for i in range(num_classes)])


def draw_images(labels: np.ndarray, targets: np.ndarray, names: Sequence[str], seed: int = 0) -> np.ndarray:
    """Draw the wanted number of images of each class, as all long-tail papers do on CIFAR.

    With a legacy generator the images of each class, in order, are shuffled and the first ones kept.

    Args:
        labels: Class of each image, (N,).
        targets: Wanted images per class, (K,).
        names: Names of the classes, (K,).
        seed: Seed of the generator.

    Returns:
        Indices of the images kept, class after class, in the order of the draw.

    Raises:
        ValueError: If a class has fewer images than wanted.
    """
    counts = np.bincount(labels, minlength=len(targets))
    short = np.flatnonzero(counts < targets)
    if len(short):
        k = short[0]
        raise ValueError(
            f'class {names[k]!r} ({k}) has {counts[k]} images, but the draw needs {targets[k]}; '
            f'{len(short)} of {len(targets)} classes have too few'
        )
    generator, kept = np.random.RandomState(seed), []
    for own, target in zip(np.split(np.argsort(labels, kind='stable'), np.cumsum(counts)[:-1]), targets):
        generator.shuffle(own)
        kept.append(own[:target])
    return np.concatenate(kept)
