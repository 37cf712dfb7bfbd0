"""What an exported model's user must know: how images are prepared, and what the outputs are."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from mmlongtail.version import __version__

from ..picture_input import PictureInput, test_pipeline
from ..trained import TrainedModel

PICTURES = ((300, 400, 3), (80, 50, 3))  # of no special size: the pipeline brings them to the model's


@dataclass(frozen=True)
class Facts:
    """How to use an exported model.

    Args:
        size: Height and width of the images.
        color_order: 'RGB', 'BGR' or 'gray'.
        mean, std: What is subtracted from the pixels, 0 to 255, and what they are divided by, of each channel.
        classes, groups: Names of the outputs and of their groups (None where the class counts are unknown).
        thresholds: Scores from which a class is present, where an image may have several labels.
        pipeline: The config's test pipeline, for what is more than resizing.
    """

    size: tuple[int, int]
    color_order: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...]
    groups: tuple[str | None, ...]
    thresholds: tuple[float, ...] | None
    multi_label: bool
    pipeline: str

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return 1 if self.color_order == 'gray' else 3

    def as_text(self) -> dict[str, str]:
        """Everything as text by name, lists as JSON, as metadata of files want it."""
        height, width = self.size
        output = 'sigmoid scores, a class each' if self.multi_label else 'probabilities that sum up to 1'
        return {
            'mmlongtail': __version__,
            'input': f'images, float32 (batch, {self.channels}, {height}, {width}), (pixels - mean) / std',
            'output': f'probabilities, float32 (batch, {len(self.classes)}): {output}',
            'size': json.dumps(list(self.size)),
            'color_order': self.color_order,
            'mean': json.dumps(list(self.mean)),
            'std': json.dumps(list(self.std)),
            'classes': json.dumps(list(self.classes)),
            'groups': json.dumps(list(self.groups)),
            'thresholds': json.dumps(None if self.thresholds is None else list(self.thresholds)),
            'pipeline': self.pipeline,
        }


def facts_of(trained: TrainedModel, size: tuple[int, int] | None = None) -> Facts:
    """The facts of a trained model.

    Args:
        trained: The model.
        size: Height and width of the images, for a test pipeline that leaves them as large as they are.

    Raises:
        ValueError: If its config has no test pipeline, one that gives several views of an image, or one that says no
            size where none is given, or another size.
    """
    prepare, preprocessor = PictureInput(trained.cfg), trained.model.data_preprocessor
    pictures = [prepare(np.zeros(shape, np.uint8))['inputs'] for shape in PICTURES]
    if isinstance(pictures[0], (list, tuple)):
        raise ValueError("the config's test pipeline gives several views of an image: one is expected")
    shapes = {tuple(picture.shape[1:]) for picture in pictures}
    if len(shapes) > 1 and size is None:
        raise ValueError(
            "the config's test pipeline leaves images as large as they are: --size HEIGHT WIDTH is expected"
        )
    if len(shapes) == 1 and size not in (None, *shapes):
        raise ValueError(f"size is {size}, the config's test pipeline makes images of {shapes.pop()}")
    height, width = size or shapes.pop()
    channels = len(pictures[0])
    swapped = bool(preprocessor.to_rgb) != prepare.swap
    color = 'gray' if channels == 1 else 'RGB' if swapped else 'BGR'
    normalizes = getattr(preprocessor, '_enable_normalize', False)
    mean, std = (
        tuple(getattr(preprocessor, name).flatten().tolist()) if normalizes else (default,) * channels
        for name, default in (('mean', 0.0), ('std', 1.0))
    )
    thresholds = None if trained.thresholds is None else tuple(map(float, trained.thresholds))
    steps = json.dumps(test_pipeline(trained.cfg), default=str)
    return Facts(
        (height, width),
        color,
        mean,
        std,
        trained.classes,
        trained.groups,
        thresholds,
        trained.multi_label,
        steps,
    )
