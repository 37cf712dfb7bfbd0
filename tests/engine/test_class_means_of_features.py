"""Means over images, labels and branches, by hand."""

import pytest
import torch
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.engine.class_means import class_means


class Model(nn.Module):
    """Its features are its inputs, or those of two branches whose mean they are."""

    def __init__(self, branches):
        super().__init__()
        self.branches = branches

    def data_preprocessor(self, batch, training):
        assert not training and not self.training
        return batch

    def extract_feat(self, inputs):
        return (inputs,) if self.branches == 1 else (torch.cat([inputs + 1, inputs - 1]),)


@pytest.mark.parametrize('branches', [1, 2])
def test_means_by_hand(branches):
    feats, labels = torch.tensor([[1.0, 2], [3, 4], [5, 9]]), [[0], [0, 2], [2]]
    samples = [DataSample().set_gt_label(torch.tensor(label)) for label in labels]
    loader = [
        dict(inputs=feats[:2], data_samples=samples[:2]),
        dict(inputs=feats[2:], data_samples=samples[2:]),
    ]
    model = Model(branches).train()
    means, counts = class_means(model, loader, (4, 2), torch.device('cpu'))
    assert counts.tolist() == [2, 0, 2, 0]
    torch.testing.assert_close(means, torch.tensor([[2, 3], [0, 0], [4, 6.5], [0, 0]], dtype=torch.float64))
