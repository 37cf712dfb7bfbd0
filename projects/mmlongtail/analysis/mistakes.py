"""Where the scores of a test set are wrong: calibration of groups, confident errors, pairs that are confused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmlongtail.evaluation.functional import expected_calibration_error

BINS = 10


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of a data set and what is true.

    Args:
        scores: Between 0 and 1, (N, K).
        targets: Whether an image shows a class, (N, K) bool.
        multi_label: Whether an image may show any number of classes.
        names: Of the images, (N,); none where they have no files.
    """

    scores: np.ndarray
    targets: np.ndarray
    multi_label: bool
    names: Sequence[str] = ()

    def name(self, image: int) -> str:
        """An image's name, or its number."""
        return self.names[image] if self.names else f'image {image}'


@dataclass(frozen=True, eq=False)
class Calibration:
    """How far the scores of a group's decisions are from how often they are right.

    Args:
        name: Of the group.
        decisions: Their number; of several labels per image one of each image and class, else one of each image.
        confidence, share: Mean score of the decisions, share that is right, in [0, 1].
        error: Expected calibration error (Guo et al., ICML 2017, eq. 3), in [0, 1].
        bins: Mean score and share in each of ``BINS`` bins of equal width, (B, 2), without empty ones.
    """

    name: str
    decisions: int
    confidence: float
    share: float
    error: float
    bins: np.ndarray


@dataclass(frozen=True)
class Mistake:
    """A decision that is wrong: ``label`` is the class it is about, ``instead`` the one that is true (one label)."""

    image: int
    label: int
    score: float
    instead: int | None = None


def group_calibration(scored: Scored, groups: np.ndarray, names: Sequence[str]) -> list[Calibration]:
    """Calibration of all decisions, ``total``, and of each group's.

    Args:
        scored: The scores. With one label per image an image belongs to the group of its true class.
        groups: Indices into ``names``, (K,).
        names: Of the groups.
    """
    if scored.multi_label:
        member = np.broadcast_to(groups, scored.scores.shape).ravel()
        confidence, right = scored.scores.ravel(), scored.targets.ravel()
    else:
        member = groups[scored.targets.argmax(axis=1)]
        confidence = scored.scores.max(axis=1)
        right = scored.targets[np.arange(len(confidence)), scored.scores.argmax(axis=1)]
    parts = [('total', np.ones(len(member), bool)), *((name, member == g) for g, name in enumerate(names))]
    return [_calibration(name, confidence[part], right[part]) for name, part in parts if part.any()]


def _calibration(name: str, confidence: np.ndarray, right: np.ndarray) -> Calibration:
    inner = np.arange(1, BINS) / BINS
    places = np.digitize(confidence, inner, right=True)
    sizes = np.bincount(places, minlength=BINS)
    sums = [np.bincount(places, values, BINS) for values in (confidence, right)]
    bins = np.stack([values[sizes > 0] / sizes[sizes > 0] for values in sums], axis=1)
    error = expected_calibration_error(confidence, right, BINS)
    return Calibration(name, len(right), float(confidence.mean()), float(right.mean()), error, bins)


def confident_errors(scored: Scored, number: int) -> dict[str, list[Mistake]]:
    """The wrong decisions that the model is surest of, each image once, by what kind of error they are."""
    scores, targets = scored.scores, scored.targets
    if not scored.multi_label:
        first, true = scores.argmax(axis=1), targets.argmax(axis=1)
        sure = np.where(first == true, -1.0, scores.max(axis=1))
        images = [i for i in np.argsort(-sure, kind='stable')[:number] if sure[i] >= 0]
        wrong = [Mistake(int(i), int(first[i]), float(sure[i]), int(true[i])) for i in images]
        return {'predicted with the highest score': wrong}
    return {
        'not there, highest score': _extremes(scores, ~targets, number, highest=True),
        'there, lowest score': _extremes(scores, targets, number, highest=False),
    }


def _extremes(scores: np.ndarray, of: np.ndarray, number: int, highest: bool) -> list[Mistake]:
    """The highest or lowest of the scores that are picked out, one of each image."""
    sign = 1.0 if highest else -1.0
    sure = np.where(of, sign * scores, -np.inf)  # (N, K)
    labels = sure.argmax(axis=1)
    best = sure[np.arange(len(sure)), labels]
    images = np.argsort(-best, kind='stable')[:number]
    return [
        Mistake(int(i), int(labels[i]), float(scores[i, labels[i]])) for i in images if np.isfinite(best[i])
    ]


def worst_pairs(scored: Scored, number: int) -> list[tuple[int, int, int, int]]:
    """Pairs of classes that are confused most often, of one label per image.

    Returns:
        True class, predicted class, how many images, of how many images of the true class; most images first.

    Raises:
        ValueError: With several labels per image.
    """
    if scored.multi_label:
        raise ValueError('an image has several labels: no class is predicted in place of another')
    true, first = scored.targets.argmax(axis=1), scored.scores.argmax(axis=1)
    classes = scored.scores.shape[1]
    pairs, images = np.unique((true * classes + first)[true != first], return_counts=True)
    sizes = np.bincount(true, minlength=classes)
    order = np.argsort(-images, kind='stable')[:number]
    found = [(*divmod(int(pairs[i]), classes), int(images[i])) for i in order]
    return [(own, other, times, int(sizes[own])) for own, other, times in found]
