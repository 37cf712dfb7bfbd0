"""Test-time augmentation that keeps the experts apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpretrain.models import AverageClsScoreTTA
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class AverageExpertScoreTTA(AverageClsScoreTTA):
    """The host's mean of scores over the views of an image, and of ``expert_scores`` (E, K) where there are any."""

    def _merge_single_sample(self, data_samples: Sequence[DataSample]) -> DataSample:
        merged = super()._merge_single_sample(data_samples)
        if 'expert_scores' in merged:
            scores = torch.stack([sample.expert_scores for sample in data_samples]).mean(dim=0)
            merged.set_field(scores, 'expert_scores', dtype=Tensor)
        return merged
