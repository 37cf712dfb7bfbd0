"""Data preprocessor that augments the batch as a whole, on its own device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import BATCH_AUGMENTS, MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks

from ..batch_augments.shared_mix import SharedMix


@MODELS.register_module()
class BatchAugmentPreprocessor(ClsDataPreprocessor):
    """The host's preprocessor; in training it first augments the raw batch, every image with its own random parameters.

    The same in distribution as the host's transforms of the same names in the data pipeline, in whole-batch tensor
    operations on the CPU or a GPU. Draws come from torch's global generator of the device. Mixup and the like come
    after it and after normalization, through ``batch_augments`` or the model's ``train_cfg``, as the host does it: each
    of T B rows with a partner of its own, unless ``share_mix``.

    A data pipeline can make the views itself, each by the host's transforms of a single image; they are taken as
    they are then::

        train_pipeline = [
            dict(type='LoadImageFromFile'),
            dict(type='MultiView', num_views=4, transforms=[[
                dict(type='RandomResizedCrop', scale=224),
                dict(type='RandomFlip', prob=0.5),
            ]]),
            dict(type='PackInputs'),
        ]
        data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=4)

    Args:
        augments: Configs of ``BatchRandomCrop``, ``BatchRandomFlip``, ``BatchCutout``, ``BatchRandAugment``,
            ``BatchAutoAugment`` or other modules that map a batch (B, C, H, W) to one; they run in this order.
        num_views: Views T of each image, augmented independently (NCL++, Tan et al., 2023): T B rows, view after view.
        mirrored: Whether the second half of the views are the mirror images of the first half, after all else
            (flip-perturbation, Guo & Wang, CVPR 2021).
        share_mix: Whether mixup and the like join all views of an image with those of one other image, by one factor,
            so that they keep a common label (NCL++, Table 4).
        kwargs: Arguments of ClsDataPreprocessor.

    Raises:
        ValueError: If ``num_views`` is not positive, odd where half of them are mirrored, or not the pipeline's, or if
            the images of a training batch differ in size.
    """

    def __init__(
        self,
        *args,
        augments: Sequence[dict] = (),
        num_views: int = 1,
        mirrored: bool = False,
        share_mix: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        config = partial(checks.config, registry=BATCH_AUGMENTS)
        configs = checks.sequence('augments', augments, config)
        self.augments = nn.ModuleList(map(BATCH_AUGMENTS.build, configs))
        self.num_views = checks.whole('num_views', num_views)
        self.mirrored = checks.flag('mirrored', mirrored)
        if mirrored and num_views % 2:
            checks.refuse('num_views', num_views, 'an even number of views with mirrored=True')
        self.drawn_views = num_views // 2 if mirrored else num_views
        if checks.flag('share_mix', share_mix) and self.batch_augments is not None:
            self.batch_augments = SharedMix(self.batch_augments, self.drawn_views)

    @property
    def keeps_labels(self) -> bool:
        """Whether all views of an image still have one label: where each is mixed with another image, they do not."""
        return self.drawn_views == 1 or isinstance(self.batch_augments, (SharedMix, type(None)))

    def forward(self, data: dict, training: bool = False) -> dict:
        """The model's ``inputs`` (T B, C, H, W), normalized, and ``data_samples``; without augmentation in a test.

        Args:
            data: ``inputs``, one tensor (B, C, H, W) or a list of B tensors (C, H, W), or a list of T of either as
                MultiView gives; ``data_samples``, B or None.
            training: Whether to augment and to repeat.
        """
        if not training:
            return super().forward(data, training)
        inputs = self._views_of(data['inputs'])
        for augment in self.augments:
            inputs = augment(inputs)
        samples = data.get('data_samples')
        if samples and self.num_views > 1:  # mixup writes a label into each view's own
            samples = [sample.new() for _ in range(self.drawn_views) for sample in samples]
        ready = samples and self._ready(samples[0])
        result = super().forward(dict(inputs=inputs, data_samples=None if ready else samples), training)
        if ready:
            result['data_samples'] = samples
        return with_mirror_images(result) if self.mirrored else result

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
                f'inputs of shapes {sorted(shapes)}: batch augmentation expects images of one size'
            )
        return self.cast_data(torch.stack(list(inputs)))

    def _views_of(self, inputs: Tensor | Sequence) -> Tensor:
        """All views, (T B, C, H, W): the pipeline's own ones, or copies of its only one."""
        if isinstance(inputs, Tensor) or (isinstance(inputs[0], Tensor) and inputs[0].dim() == 3):
            return self._stacked(inputs).repeat(self.drawn_views, 1, 1, 1)
        if len(inputs) != self.drawn_views:
            raise ValueError(
                f'num_views={self.num_views}, but the pipeline makes {len(inputs)} views of an image: '
                f'its MultiView is expected to make {self.drawn_views}'
            )
        return self._stacked([picture for view in inputs for picture in view])


def with_mirror_images(data: dict) -> dict:
    """A batch and, as further views, mirrored copies of all its images, with the same labels."""
    inputs, samples = data['inputs'], data['data_samples']
    copies = samples and [*samples, *(sample.new() for sample in samples)]
    return dict(data, inputs=torch.cat([inputs, inputs.flip(-1)]), data_samples=copies)
