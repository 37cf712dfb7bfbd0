"""Dtypes by hand."""

import pytest
import torch

from mmlongtail.structures.precision import full_precision


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
        (torch.int64, torch.float32),
    ],
)
def test_halves_and_whole_numbers_become_float32(given, expected):
    values = torch.tensor([0, 1, -2]).to(given)
    assert full_precision(values).dtype == expected and full_precision(values).tolist() == [0, 1, -2]
