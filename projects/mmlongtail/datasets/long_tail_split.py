"""Making a long-tailed multi-label set out of another one: which whole images to keep."""

import numpy as np

from mmlongtail.structures import checks


def pareto_counts(num_classes: int, max_count: int, min_count: int, power: float = 6) -> np.ndarray:
    """Counts that fall from ``max_count`` to ``min_count`` as the Pareto density x^-(power + 1).

    Source: Liu et al., OLTR, CVPR 2019; Wu et al., Distribution-Balanced Loss, ECCV 2020 (power 6).

    Args:
        num_classes: Number K of classes.
        max_count: Images of the most frequent class.
        min_count: Images of the rarest class.
        power: Power of the distribution.

    Returns:
        Images per class from the most to the least frequent, (K,) int64.

    Raises:
        ValueError: If there is no class, the counts are not 1 <= min_count <= max_count, or the power is not positive.

    Example:
        >>> pareto_counts(5, max_count=100, min_count=5)
        array([100,  42,  19,   9,   5])
    """
    checks.whole('num_classes', num_classes)
    checks.whole(f'max_count={max_count}: min_count', min_count, at_most=checks.whole('max_count', max_count))
    checks.number('power', power, above=0)
    end = (max_count / min_count) ** (1 / (power + 1))
    return np.rint(max_count * np.linspace(1, end, num_classes) ** -(power + 1)).astype(np.int64)


def long_tail_targets(
    class_counts: np.ndarray,
    max_count: int | None = None,
    min_count: int = 5,
    power: float = 6,
    seed: int = 0,
) -> np.ndarray:
    """Give each class its wanted count: the more frequent it is now, the more it keeps, but not more than it has.

    Args:
        class_counts: Images per class of the set to select from, (K,).
        max_count: Images of the largest class; None: as many as the most frequent one has.
        min_count: Images of the smallest class.
        power: Power of the Pareto distribution.
        seed: Seed of the generator that breaks ties.

    Returns:
        Wanted images per class, (K,) int64.

    Example:
        >>> long_tail_targets([40, 90, 12])
        array([18, 90,  5])
    """
    class_counts = np.asarray(class_counts)
    tie_break = np.random.default_rng(seed).permutation(len(class_counts))
    ranked = np.lexsort((tie_break, -class_counts))
    targets = np.empty(len(class_counts), np.int64)
    largest = int(class_counts.max(initial=0)) if max_count is None else max_count
    targets[ranked] = pareto_counts(len(class_counts), largest, min_count, power)
    return np.minimum(targets, class_counts)


def choose_images(
    image_index: np.ndarray, class_index: np.ndarray, targets: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Choose whole images at random so that no class has more of them than wanted.

    An image brings all its classes along. So classes are filled from the rarest to the most frequent, and an image
    is kept only if none of its classes is full. A class stays below its target where all its other images show
    a full class. Nothing more can be added to the result: every image left out shows a full class or none at all.

    Args:
        image_index: Image of each (image, class present) entry in ascending order, (E,).
        class_index: Class of each entry, (E,).
        targets: Wanted images per class, (K,).
        seed: Seed of the generator that orders the images.

    Returns:
        Indices of the images kept, ascending.

    Example:
        >>> choose_images([0, 1, 2, 2, 3], [0, 0, 0, 1, 0], targets=[1, 1])  # image 2 brings both classes along
        array([2])
    """
    images, starts = np.unique(image_index, return_index=True)
    labels = np.split(class_index, starts[1:])
    shuffled = np.random.default_rng(seed).permutation(len(images))
    room = np.array(targets, dtype=np.int64)
    candidates: list[list[int]] = [[] for _ in room]
    for i in shuffled:
        for k in labels[i]:
            candidates[k].append(i)
    kept = np.zeros(len(images), dtype=bool)
    for k in np.argsort(room, kind='stable'):
        for i in candidates[k]:
            if not kept[i] and (room[labels[i]] > 0).all():
                kept[i] = True
                room[labels[i]] -= 1
    return images[kept]
