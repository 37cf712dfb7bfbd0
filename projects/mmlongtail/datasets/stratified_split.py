"""Split a set in two parts that both show every class, the rare ones too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from ..structures import checks


def stratified_split(
    labels: Sequence[Sequence[int]], num_classes: int, share: float = 0.2, seed: int = 0
) -> np.ndarray:
    """Choose the validation part of a set of images.

    With one label each, every class gives :func:`wanted_counts` of its images, drawn at random. Otherwise the images
    are dealt out by :func:`iterative_stratification`.

    Args:
        labels: Class indices of each of N images, each class once in an image.
        num_classes: Number of classes K.
        share: Wanted share of the validation part, between 0 and 1.
        seed: Controls every draw.

    Returns:
        Whether each image belongs to the validation part, bool (N,). A class of one image has it in the training part.
        With one label each, a class of two or more has images in both parts. With several labels it always has one in
        the training part, and one in the other unless every such move would take a class out of the training part.

    Raises:
        ValueError: If ``share`` is not between 0 and 1, or a label is not a class index.

    Example:
        >>> in_val = stratified_split([[0], [0], [0], [0], [0], [1], [1]], num_classes=2, share=0.2)
        >>> int(in_val[:5].sum()), int(in_val[5:].sum())  # of each class
        (1, 1)
    """
    checks.number('share', share, above=0, below=1)
    sizes = np.fromiter(map(len, labels), np.int64, len(labels))
    classes = np.fromiter((k for row in labels for k in row), np.int64, int(sizes.sum()))
    if classes.size and not 0 <= classes.min() <= classes.max() < num_classes:
        checks.refuse(
            'labels', [int(classes.min()), int(classes.max())], f'indices from 0 to {num_classes - 1}'
        )
    rng = np.random.default_rng(seed)
    if np.all(sizes == 1):
        return _split_by_class(classes, num_classes, share, rng)
    return iterative_stratification([list(map(int, row)) for row in labels], num_classes, share, rng)


def wanted_counts(class_counts: np.ndarray, share: float) -> np.ndarray:
    """Validation images of each class, (K,): the share, but at least one and not all of two or more."""
    return np.where(
        class_counts > 1, np.clip(np.round(share * class_counts), 1, np.maximum(class_counts - 1, 1)), 0
    )


def _split_by_class(
    classes: np.ndarray, num_classes: int, share: float, rng: np.random.Generator
) -> np.ndarray:
    counts = np.bincount(classes, minlength=num_classes)
    shuffled = rng.permutation(len(classes))
    by_class = shuffled[np.argsort(classes[shuffled], kind='stable')]
    own = classes[by_class]
    rank = np.arange(len(own)) - (np.cumsum(counts) - counts)[own]  # of an image within its class
    chosen = np.zeros(len(classes), bool)
    chosen[by_class] = rank < wanted_counts(counts, share)[own]
    return chosen


def iterative_stratification(
    labels: Sequence[list[int]], num_classes: int, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Deal images of several labels out to two parts, the rarest class first.

    Source: Sechidis, Tsoumakas & Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD 2011, algorithm 1,
    for two parts. The class with the fewest images left gives them, one by one, to the part that wants most of this
    class, then most images at all. One thing differs: a class of two or more images wants one in each part, however
    small the share; what was dealt out by other classes is mended at the end where that can be.

    Args, returns: As :func:`stratified_split`, with a generator instead of the seed.
    """
    images_of = _images_of(labels, num_classes, rng)
    counts = np.array([len(images) for images in images_of])
    in_val = wanted_counts(counts, share)
    wants = [(counts - in_val).tolist(), in_val.tolist()]  # of the training part, of the other
    total = [len(labels) * (1 - share), len(labels) * share]
    part = [-1] * len(labels)
    left = counts.copy()

    def give(image: int, to: int) -> None:
        part[image] = to
        total[to] -= 1
        for k in labels[image]:
            wants[to][k] -= 1
            left[k] -= 1

    while left.any():
        rarest = int(np.argmin(np.where(left > 0, left, np.iinfo(left.dtype).max)))
        for image in images_of[rarest]:
            if part[image] < 0:
                prefer_val = (wants[1][rarest], total[1]) > (wants[0][rarest], total[0])
                give(image, int(prefer_val))
    for image in rng.permutation(len(labels)).tolist():
        if part[image] < 0:
            give(image, int(total[1] > total[0]))
    return _mend(np.array(part) == 1, labels, images_of)


def _images_of(labels: Sequence[list[int]], num_classes: int, rng: np.random.Generator) -> list[list[int]]:
    """The images of each class, shuffled."""
    images: list[list[int]] = [[] for _ in range(num_classes)]
    for image in rng.permutation(len(labels)).tolist():
        for k in labels[image]:
            images[k].append(image)
    return images


def _mend(in_val: np.ndarray, labels: Sequence[list[int]], images_of: Sequence[list[int]]) -> np.ndarray:
    """Move images so that each class is in the training part, and in the other where that takes none out of it."""
    train = np.array([sum(not in_val[i] for i in images) for images in images_of])
    val = np.array([len(images) for images in images_of]) - train

    def move(image: int) -> None:
        sign = 1 if in_val[image] else -1
        in_val[image] = ~in_val[image]
        train[labels[image]] += sign
        val[labels[image]] -= sign

    for images in images_of:
        if images and all(in_val[i] for i in images):
            move(max(images, key=partial(_spare, counts=val, labels=labels)))
    for k, images in enumerate(images_of):
        if len(images) > 1 and not val[k]:
            free = max(images, key=partial(_spare, counts=train, labels=labels))
            if _spare(free, train, labels) > 1:
                move(free)
    return in_val


def _spare(image: int, counts: np.ndarray, labels: Sequence[list[int]]) -> int:
    """Images that the image's scarcest class has in a part."""
    return min(counts[k] for k in labels[image])
