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
