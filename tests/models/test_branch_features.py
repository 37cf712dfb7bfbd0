"""Axes of features of one tensor or of several, and modules that know rows alone."""

import pytest
import torch
from torch import nn

from mmlongtail.models.branch_features import of_branches, of_rows, with_axes
from mmlongtail.structures import BatchLayout

LAYOUT = BatchLayout(branches=2, views=3, images=4)


def test_one_tensor_of_all_branches():
    early, rows = torch.zeros(12, 5), torch.randn(24, 7)
    for feats in ((early, rows), [early, rows]):
        kept, batch = with_axes(feats, LAYOUT)
        assert kept is early and batch.shape == (2, 3, 4, 7)
        assert torch.equal(batch[1, 2, 3], rows[23]) and torch.equal(batch[0, 1, 2], rows[6])
    [batch] = with_axes(rows, LAYOUT)
    assert batch.shape == (2, 3, 4, 7)


def test_one_tensor_of_each_branch():
    parts = torch.randn(12, 5), torch.randn(12, 7)
    [(first, second)] = with_axes((parts,), LAYOUT)
    assert first.shape == (3, 4, 5) and second.shape == (3, 4, 7)
    assert torch.equal(second[1, 2], parts[1][6])
    assert of_branches(((first, second),), 2) == (first, second)


@pytest.mark.parametrize(
    ('feats', 'words'),
    [
        ((torch.zeros(12, 5),), '12 rows, expected 24'),
        (((torch.zeros(12, 5),),), 'features of 1 branches, expected 2'),
        (((torch.zeros(12, 5), torch.zeros(11, 5)),), '11 rows, expected 12'),
    ],
)
def test_rows_that_do_not_fit(feats, words):
    with pytest.raises(ValueError, match=words):
        with_axes(feats, LAYOUT)


@pytest.mark.parametrize('shape', [(2, 12, 5), (3, 3, 4, 5), (24, 5)])
def test_features_of_other_axes_than_a_heads(shape):
    with pytest.raises(ValueError, match='expected of each of the num_branches=2'):
        of_branches((torch.zeros(shape),), 2)


def test_a_module_that_knows_rows_alone():
    norm = nn.BatchNorm1d(5)  # takes no four axes
    features = torch.randn(2, 3, 4, 5)
    for function in (lambda feats: norm(feats[-1]), lambda feats: (norm(feats[-1]),)):
        assert torch.equal(of_rows(function, features), norm(features.view(24, 5)).view(2, 3, 4, 5))
