"""Test-time augmentation that averages before the softmax or sigmoid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseTTAModel
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample


@MODELS.register_module()
class MeanLogitTTA(BaseTTAModel):
    """Predict from the mean of the logits over the views of an image, as its head predicts from those of one.

    Source: Shi et al., "Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts", ICML 2024, test-time
    ensembling, with five crops as views. Logits of several branches or experts are averaged each.

    Raises:
        RuntimeError: If the head predicts without a call of itself.
    """

    def test_step(self, data) -> list[DataSample]:
        """Predictions of a batch, (views, images)."""
        head = getattr(self.module, 'module', self.module).head
        logits = []
        handle = head.register_forward_hook(lambda module, args, output: logits.append(output.float()))
        try:
            views = super().test_step(data)
        finally:
            handle.remove()
        if not logits:
            raise RuntimeError(
                f'MeanLogitTTA saw no logits: {type(head).__name__} does not predict by head(feats)'
            )
        return head._get_predictions(torch.stack(logits).mean(0), views)

    def merge_preds(self, data_samples_list: Sequence[Sequence[DataSample]]) -> list[DataSample]:
        """One sample of each image, for its labels and names."""
        return [views[0] for views in data_samples_list]
