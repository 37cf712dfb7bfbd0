"""Which images a t-SNE shows, and where it puts them."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature

import numpy as np
from sklearn.manifold import TSNE


def choose_classes(class_counts: np.ndarray, head: int = 4, medium: int = 3, tail: int = 3) -> np.ndarray:
    """The most frequent classes, those in the middle of the order, the rarest; all if they are no more than these.

    Args:
        class_counts: Training images per class, (K,).
        head: How many of the most frequent.
        medium: How many of the middle.
        tail: How many of the rarest.
    """
    order = np.argsort(-np.asarray(class_counts), kind='stable')
    if len(order) <= head + medium + tail:
        return order
    first = (len(order) - medium + head - tail) // 2  # in the middle of what head and tail leave over
    return np.concatenate([order[:head], order[first : first + medium], order[len(order) - tail :]])


def choose_images(
    labels: tuple[np.ndarray, np.ndarray], classes: Sequence[int], per_class: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random images that show exactly one of these classes.

    Args:
        labels: Of the images, as :func:`mmlongtail.structures.image_labels` gives them.
        classes: Indices of the classes.
        per_class: How many images of each at most.
        seed: Of the draw, which for one class is the same whatever the others are, while no image shows two.

    Returns:
        Image indices and their classes, (N,) each.

    Raises:
        ValueError: If a class has no such image, or ``per_class`` is below 1.
    """
    if per_class < 1:
        raise ValueError(f'per_class is {per_class}, expected a number of images >= 1')
    shown = np.isin(labels[1], classes)
    images, first, times = np.unique(labels[0][shown], return_index=True, return_counts=True)
    images, own = images[times == 1], labels[1][shown][first[times == 1]]
    drawn = []
    for k in classes:
        members = images[own == k]
        if not len(members):
            raise ValueError(
                f'class index {k} has no image that shows it and no other of the classes {list(classes)}'
            )
        drawn.append(np.random.default_rng((seed, k)).permutation(members)[:per_class])
    return np.concatenate(drawn), np.repeat(classes, [len(members) for members in drawn])


def embed(
    features: np.ndarray,
    seed: int = 0,
    perplexity: float = 30,
    metric: str = 'euclidean',
    iterations: int = 1000,
) -> np.ndarray:
    """t-SNE of features (N, D), in the plane, (N, 2).

    Source: van der Maaten & Hinton, "Visualizing Data using t-SNE", JMLR 2008, as scikit-learn has it.

    Args:
        features: Of the images, (N, D).
        seed: Of the optimization.
        perplexity: Roughly how many neighbors each point has.
        metric: Distance of features: 'euclidean' or 'cosine'.
        iterations: Steps of the optimization.

    Raises:
        ValueError: If the perplexity is not between 0 and N.
    """
    if not 0 < perplexity < len(features):
        raise ValueError(
            f'perplexity is {perplexity:g}, expected a number above 0 and below the {len(features)} images'
        )
    steps = 'max_iter' if 'max_iter' in signature(TSNE).parameters else 'n_iter'  # before scikit-learn 1.5
    tsne = TSNE(perplexity=perplexity, metric=metric, init='pca', random_state=seed, **{steps: iterations})
    return tsne.fit_transform(features)
