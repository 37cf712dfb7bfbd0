"""From scores to what a user reads: names, scores and groups of an image's labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmlongtail.structures import checks

from .trained import TrainedModel

TOP_K = 5


@dataclass(frozen=True)
class Answers:
    """The labels that scores stand for.

    Args:
        trained: What is known of the classes.
        top_k: Number of labels, whatever their scores; None gives a multi-label model's labels over their thresholds
            and of a single-label one the best ``TOP_K``.
        all_scores: Whether the scores of all classes are given, too.

    Raises:
        ValueError: If ``top_k`` is below 1.
    """

    trained: TrainedModel
    top_k: int | None = None
    all_scores: bool = False

    def __post_init__(self) -> None:
        checks.whole('top_k', self.top_k, optional=True)
        checks.flag('all_scores', self.all_scores)

    def labels(self, scores: np.ndarray) -> np.ndarray:
        """Indices of the labels of one image with scores (K,), the best first, of equal ones the lower index."""
        trained = self.trained
        ranked = np.argsort(-scores, kind='stable')
        top_k = self.top_k or trained.top_k or (None if trained.multi_label else TOP_K)
        if top_k is not None:
            return ranked[:top_k]
        return ranked[(scores >= trained.thresholds)[ranked]]

    def __call__(self, scores: np.ndarray) -> dict:
        """Indices, names, scores and groups of the labels of one image, in plain numbers and text.

        Args:
            scores: One of each class, (K,) float32.

        Raises:
            ValueError: If one of them is no finite number.
        """
        if not np.isfinite(scores).all():
            raise ValueError('the model gives scores that are no finite numbers: is the checkpoint sound?')
        labels, trained = self.labels(scores).tolist(), self.trained
        answer = dict(
            indices=labels,
            names=[trained.classes[k] for k in labels],
            scores=[float(scores[k]) for k in labels],
            groups=[trained.groups[k] for k in labels],
        )
        return answer | (dict(all_scores=scores.tolist()) if self.all_scores else {})
