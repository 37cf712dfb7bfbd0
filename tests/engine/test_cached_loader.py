"""When outputs count as equal; whole runs are in ``hooks/test_frozen_trunk_hook.py``."""

import pytest
import torch

from mmlongtail.engine.cached_loader import TOLERANCES, close


@pytest.mark.parametrize(('storage', 'dtype'), [('float16', torch.float16), ('bfloat16', torch.bfloat16)])
def test_rounding_is_close_and_another_row_is_not(storage, dtype):
    expected = torch.rand(16, 8, generator=torch.Generator().manual_seed(0))
    assert close(expected.to(dtype), expected, TOLERANCES[storage])
    assert not close(expected.flip(0), expected, TOLERANCES[storage])
    assert not close(expected[:8], expected, TOLERANCES[storage])


def test_outputs_that_hardly_differ_among_images():
    expected = torch.ones(4, 3)
    assert close(expected + 1e-5, expected, 1e-3) and not close(expected + 1e-3, expected, 1e-3)


@pytest.mark.parametrize(('storage', 'dtype'), [('float16', torch.float16), ('bfloat16', torch.bfloat16)])
def test_images_are_compared_whatever_stands_before_them(storage, dtype):
    """Logits of branches and views, ``(branches, views, images, classes)``, each far from the other."""
    expected = torch.randn(2, 2, 16, 8) + torch.tensor([0.0, 4.0]).view(2, 1, 1, 1)
    assert close(expected.to(dtype), expected, TOLERANCES[storage])
    assert not close(expected.flip(2), expected, TOLERANCES[storage])
    one = torch.randn(1, 1, 16, 8)  # rounded by a network behind the features
    assert close(one + 0.01 * torch.randn_like(one), one, TOLERANCES[storage])
    assert not close(one.flip(2), one, TOLERANCES[storage])


@pytest.mark.parametrize(('storage', 'dtype'), [('float16', torch.float16), ('bfloat16', torch.bfloat16)])
def test_one_image_is_close_to_its_rounding(storage, dtype):
    expected = torch.randn(1, 8)
    assert close(expected.to(dtype), expected, TOLERANCES[storage])
    assert not close(expected.flip(1), expected, TOLERANCES[storage])
