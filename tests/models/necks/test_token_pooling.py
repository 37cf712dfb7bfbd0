"""Tokens to vectors, against plain loops."""

import pytest
import torch

from mmlongtail.models.necks import TokenPooling


def test_first_and_mean_by_hand():
    tokens = torch.arange(12.0).reshape(1, 3, 4)
    assert TokenPooling('first')((tokens,))[0].tolist() == [[0, 1, 2, 3]]
    assert TokenPooling('mean')((tokens,))[0].tolist() == [[4, 5, 6, 7]]
    assert TokenPooling('mean', num_prefix=1)(tokens)[0].tolist() == [[6, 7, 8, 9]]


def test_a_map_of_channels_last_equals_pooling_of_channels_first():
    maps = torch.randn(2, 5, 4, 3)
    (pooled,) = TokenPooling('mean')((None, maps.permute(0, 2, 3, 1)))
    torch.testing.assert_close(pooled, maps.mean((2, 3)))


def test_errors():
    with pytest.raises(ValueError, match="mode is 'last'"):
        TokenPooling('last')
    with pytest.raises(ValueError, match='num_prefix is -1'):
        TokenPooling(num_prefix=-1)
    with pytest.raises(ValueError, match=r'features is \(2, 5\), expected tokens'):
        TokenPooling()((torch.zeros(2, 5),))
