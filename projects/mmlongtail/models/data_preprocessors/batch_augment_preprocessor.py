"""Data preprocessor that augments the batch as a whole, on its own device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import BATCH_AUGMENTS, MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn


@MODELS.register_module()
class BatchAugmentPreprocessor(ClsDataPreprocessor):
    """The host's preprocessor; in training it first augments the raw batch, every image with its own random parameters.

    The same in distribution as the host's transforms of the same names in the data pipeline, in whole-batch tensor
    operations on the CPU or a GPU. Draws come from torch's global generator of the device. Mixup and the like come
    after it and after normalisation, through ``batch_augments`` or the model's ``train_cfg``, as the host does it.

    Args:
        augments: Configs of ``BatchRandomCrop``, ``BatchRandomFlip``, ``BatchCutout``, ``BatchRandAugment``,
            ``BatchAutoAugment`` or other modules that map a batch (B, C, H, W) to one; they run in this order.
        num_views: Copies T of each image, augmented independently (NCL++, METHODS 3): T B rows, view after view.
        kwargs: Arguments of ClsDataPreprocessor.

    Raises:
        ValueError: If ``num_views`` is not positive, or the pictures of a training batch differ in size.
    """

    def __init__(self, *args, augments: Sequence[dict] = (), num_views: int = 1, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if num_views < 1:
            raise ValueError(f'num_views={num_views}: at least 1 is expected')
        self.augments = nn.ModuleList(BATCH_AUGMENTS.build(config) for config in augments)
        self.num_views = num_views

    def forward(self, data: dict, training: bool = False) -> dict:
        """The model's ``inputs`` (T B, C, H, W), normalised, and ``data_samples``; without augmentation in a test.

        Args:
            data: ``inputs``, one tensor (B, C, H, W) or a list of B tensors (C, H, W); ``data_samples``, B or None.
            training: Whether to augment and to repeat.
        """
        if not training:
            return super().forward(data, training)
        inputs = self._stacked(data['inputs']).repeat(self.num_views, 1, 1, 1)
        for augment in self.augments:
            inputs = augment(inputs)
        samples = data.get('data_samples')
        samples = samples and self._views(samples)
        if samples and self._ready(samples[0]):
            return dict(super().forward(dict(inputs=inputs), training), data_samples=samples)
        return super().forward(dict(inputs=inputs, data_samples=samples), training)

    def _ready(self, sample: DataSample) -> bool:
        """Whether the host would leave the labels as they are; its way there takes as long as a crop and a flip."""
        label = sample.get('gt_label')
        return (
            not self.to_onehot
            and 'gt_score' not in sample
            and label is not None
            and label.device == self.device
        )

    def _stacked(self, inputs: Tensor | Sequence[Tensor]) -> Tensor:
        if isinstance(inputs, Tensor):
            return self.cast_data(inputs)
        if len(shapes := {tuple(x.shape) for x in inputs}) > 1:
            raise ValueError(
                f'inputs of shapes {sorted(shapes)}: batch augmentation expects pictures of one size'
            )
        return self.cast_data(torch.stack(list(inputs)))

    def _views(self, samples: Sequence[DataSample]) -> list[DataSample]:
        """Each view has data samples of its own, because mixup writes a label into each."""
        return [*samples, *(sample.new() for _ in range(1, self.num_views) for sample in samples)]
