"""What the page shows of an image: rows of label, score, threshold and group, from one model or two."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmlongtail.apis.answers import TOP_K, Answers
from mmlongtail.apis.inferencer import LongTailInferencer, scores_of
from mmlongtail.structures import checks

PATIENCE = 10.0  # seconds that the end waits for the image in work


@dataclass(frozen=True)
class ServedModel:
    """A model and how it is called on the page.

    Args:
        name: What stands above its labels.
        inferencer: The model.
        top_k: Number of labels, as :class:`Answers` has it.
    """

    name: str
    inferencer: LongTailInferencer
    top_k: int | None = None

    def describe(self) -> dict:
        """Name, number of classes, whether an image may have several labels, lowest and highest threshold."""
        trained = self.inferencer.trained
        limits = trained.thresholds
        return dict(
            name=self.name,
            classes=len(trained.classes),
            multi_label=trained.multi_label,
            thresholds=None if limits is None else [float(limits.min()), float(limits.max())],
        )

    def predict(self, content: bytes) -> dict:
        """The labels of an image; where thresholds decide on fewer than ``TOP_K``, also the best of the others.

        Args:
            content: What is in the image's file.

        Raises:
            PictureError: If it cannot be read.
            ValueError: If the model gives scores that are no finite numbers.
        """
        [batch] = self.inferencer.preprocess([content])
        [sample] = self.inferencer.predict(batch)
        scores, trained = scores_of(sample), self.inferencer.trained
        labels, others = Answers(trained, self.top_k)(scores)['indices'], []
        if trained.thresholds is not None and self.top_k is None:
            best = np.argsort(-scores, kind='stable')[:TOP_K].tolist()
            others = [k for k in best if k not in labels][: max(0, TOP_K - len(labels))]
        return dict(
            labels=[self._row(k, scores) for k in labels], others=[self._row(k, scores) for k in others]
        )

    def _row(self, k: int, scores: np.ndarray) -> dict:
        trained = self.inferencer.trained
        threshold = None if trained.thresholds is None else float(trained.thresholds[k])
        return dict(
            name=trained.classes[k], score=float(scores[k]), threshold=threshold, group=trained.groups[k]
        )


@dataclass(frozen=True)
class PageModels:
    """The models of the page, which take one image at a time.

    Args:
        models: One, or two to be compared.

    Raises:
        ValueError: If there are none.
    """

    models: Sequence[ServedModel]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        checks.whole('number of models', len(self.models))

    def describe(self) -> list[dict]:
        """What is known of each before the first image."""
        return [model.describe() for model in self.models]

    def predict(self, content: bytes) -> list[dict]:
        """What each says of an image, given by what is in its file; see :meth:`ServedModel.predict`."""
        with self._lock:
            return [model.predict(content) for model in self.models]

    def finish(self) -> None:
        """Wait until no image is in work, and take no other."""
        self._lock.acquire(timeout=PATIENCE)


def distinct_names(paths: Sequence[str]) -> list[str]:
    """Names of files; the paths themselves where two have the same name."""
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(names) else list(paths)
