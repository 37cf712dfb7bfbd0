"""Packed and unpacked, tensors are what they were."""

import pytest
import torch

from mmlongtail.models.row_packing import pack, row_shape, template_of, unpack


@pytest.mark.parametrize(
    ('value', 'shape'),
    [
        (torch.randn(2, 3, 4), (3, 4)),
        ((torch.randn(2, 3, 4),), (3, 4)),
        ((torch.randn(2, 3), [torch.randn(2), torch.randn(2, 2, 2)]), (8,)),
    ],
)
def test_there_and_back(value, shape):
    template = template_of(value, 2)
    packed = pack(value)
    assert packed.shape == (2, *shape) and row_shape(template) == shape
    assert repr(unpack(packed, template)) == repr(value)
    twice = unpack(torch.cat([packed, packed, packed]), template)
    first = twice if isinstance(value, torch.Tensor) else twice[0]
    assert len(first) == 6 and type(twice) is type(value)


@pytest.mark.parametrize('value', [torch.randn(3, 4), torch.tensor(1.0), (torch.randn(2, 4), 'x'), None])
def test_other_rows_are_refused(value):
    with pytest.raises(ValueError, match='expected tensors of 2 rows'):
        template_of(value, 2)
