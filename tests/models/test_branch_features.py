"""Features of one tensor or of several, and modules that know rows alone."""

import pytest
import torch
from torch import nn

from mmlongtail.models.branch_features import of_branches, of_rows


def test_each_branchs_last_features():
    features = torch.randn(2, 3, 4, 5)
    first, second = of_branches((torch.zeros(9), features), 2)
    assert torch.equal(first, features[0]) and torch.equal(second, features[1])
    parts = features[0], torch.randn(3, 4, 7)
    assert of_branches((parts,), 2) is parts


@pytest.mark.parametrize('shape', [(2, 12, 5), (3, 3, 4, 5), (24, 5)])
def test_features_of_other_axes_than_a_heads(shape):
    with pytest.raises(ValueError, match='expected of each of the num_branches=2'):
        of_branches((torch.zeros(shape),), 2)


def test_a_module_that_knows_rows_alone():
    norm = nn.BatchNorm1d(5)  # takes no four axes
    features = torch.randn(2, 3, 4, 5)
    for function in (lambda feats: norm(feats[-1]), lambda feats: (norm(feats[-1]),)):
        assert torch.equal(of_rows(function, features), norm(features.view(24, 5)).view(2, 3, 4, 5))
