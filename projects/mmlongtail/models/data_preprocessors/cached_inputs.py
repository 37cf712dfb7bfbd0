"""Batches of features through a data preprocessor that is made for images."""

from __future__ import annotations

from functools import partial
from types import MethodType

import torch
from torch import Tensor, nn

from mmlongtail.datasets.wrappers.cached_features import KEY

LABEL_SETTINGS = ('num_classes', 'to_onehot', 'batch_augments')
WITHOUT_EFFECT = ('training', 'forward', 'takes_features')


def image_settings(preprocessor: nn.Module) -> dict:
    """All settings of a data preprocessor that its treatment of images depends on."""
    settings = (
        vars(preprocessor)
        | dict(preprocessor.named_buffers(recurse=False))
        | dict(preprocessor.named_children())
    )
    public = {name: value for name, value in settings.items() if not name.startswith('_')}
    return {name: value for name, value in public.items() if name not in (*LABEL_SETTINGS, *WITHOUT_EFFECT)}


def accept_features(preprocessor: nn.Module) -> None:
    """Let a model's data preprocessor take batches of cached features, too: (B, A, *shape) with A rows an image.

    They become (A B, *shape) in float32 on the model's device, view after view; labels and data samples are treated as
    those of images. Batches of images are treated as before.
    """
    if not hasattr(preprocessor, 'takes_features'):
        preprocessor.takes_features = True
        preprocessor.forward = MethodType(partial(_forward, preprocessor.forward), preprocessor)


def _forward(forward, self: nn.Module, data: dict, training: bool = False) -> dict:
    if not isinstance(data, dict) or KEY not in data:
        return forward(data, training)
    inputs = data['inputs'] if isinstance(data['inputs'], Tensor) else torch.stack(list(data['inputs']))
    inputs = self.cast_data(inputs).float().transpose(0, 1).flatten(0, 1)
    return dict(inputs=inputs, data_samples=_samples(forward, self, data, training))


def _samples(forward, self: nn.Module, data: dict, training: bool) -> list | None:
    """Data samples as of a batch of images, of one pixel each."""
    channels = getattr(self, 'mean', torch.zeros(3)).numel()
    pixels = torch.zeros(len(data['inputs']), channels, 1, 1, dtype=torch.uint8)
    augments = getattr(self, 'augments', None)
    if augments is not None:
        self.augments = nn.ModuleList()
    try:
        return forward(dict(inputs=pixels, data_samples=data.get('data_samples')), training)['data_samples']
    finally:
        if augments is not None:
            self.augments = augments
