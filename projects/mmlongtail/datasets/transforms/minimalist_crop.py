"""The crop of LIFT+: less and less is cut off in the course of the training."""

from __future__ import annotations

import math

import torch
from mmpretrain.datasets import RandomResizedCrop
from mmpretrain.registry import TRANSFORMS

from mmlongtail.structures import checks

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic', 'area', 'lanczos')
BACKENDS = ('cv2', 'pillow')


@TRANSFORMS.register_module()
class MinimalistCrop(RandomResizedCrop):
    """Square random resized crop whose least share of the picture grows as the training goes on.

    Source: Shi et al., "LIFT+: Lightweight Fine-Tuning for Long-Tail Learning", 2025, minimalist data augmentation.
    When the part t of the training is done, the least share is ``a + (1 - a) (1 - sqrt(1 - t^2))``, a being ``least``.

    TransformProgressHook tells it t, before each epoch; without it, t stays 0. The number lies in shared memory, so
    that workers that stay alive from epoch to epoch know it too.

    Args:
        scale: Side of the result in pixels.
        least: Least share a of the picture's area at the beginning.
        interpolation: As for RandomResizedCrop.
        backend: As for RandomResizedCrop.

    Raises:
        ValueError: If ``least`` is outside (0, 1], or for an unknown interpolation or backend.
    """

    def __init__(self, scale: int, least: float = 0.08, interpolation: str = 'bicubic', backend: str = 'cv2'):
        self.least = checks.number('least', least, above=0, at_most=1)
        self.progress = torch.zeros(()).share_memory_()
        checks.whole('scale', scale)
        checks.choice('interpolation', interpolation, INTERPOLATIONS)
        checks.choice('backend', backend, BACKENDS)
        super().__init__(scale, (least, 1.0), (1.0, 1.0), interpolation=interpolation, backend=backend)

    def set_progress(self, progress: float) -> None:
        """Take the part of the training that is done, 0 to 1."""
        self.progress.fill_(checks.share('progress', progress))

    @property
    def crop_ratio_range(self) -> tuple[float, float]:
        """The shares of the picture's area that are drawn from."""
        growth = 1 - math.sqrt(1 - float(self.progress) ** 2)
        return self.least + (1 - self.least) * growth, 1.0

    @crop_ratio_range.setter
    def crop_ratio_range(self, value: tuple[float, float]) -> None:
        """What the host's constructor sets follows from ``least``."""
