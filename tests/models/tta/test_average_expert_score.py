import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmpretrain.models import AverageClsScoreTTA
from mmpretrain.structures import DataSample

from mmlongtail.models.tta import AverageExpertScoreTTA


class Unused(BaseModel):
    """A model to wrap; only merging is tested here."""

    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise AssertionError


def predictions(seed: int, experts: int | None) -> DataSample:
    """Of one view of one image."""
    generator = torch.Generator().manual_seed(seed)
    sample = DataSample().set_gt_label(2).set_pred_score(torch.rand(5, generator=generator))
    if experts:
        sample.set_field(torch.rand(experts, 5, generator=generator), 'expert_scores')
    return sample


@pytest.mark.parametrize('experts', [None, 1, 3])
def test_means_over_views(experts):
    views = [predictions(seed, experts) for seed in range(4)]
    [merged] = AverageExpertScoreTTA(Unused()).merge_preds([views])
    [host] = AverageClsScoreTTA(Unused()).merge_preds([views])
    torch.testing.assert_close(merged.pred_score, host.pred_score)
    assert merged.gt_label.tolist() == [2]
    assert ('expert_scores' in merged) is bool(experts)
    if experts:
        expected = np.mean([view.expert_scores.double().numpy() for view in views], axis=0)
        np.testing.assert_allclose(merged.expert_scores.numpy(), expected, rtol=1e-6)
        assert torch.equal(views[0].expert_scores, predictions(0, experts).expert_scores)
