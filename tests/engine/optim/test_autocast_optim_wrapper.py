"""Mixed precision where MMEngine's own wrapper asserts a GPU."""

import pytest
import torch
from mmpretrain.registry import OPTIM_WRAPPERS
from torch import nn


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(64, 8)


def build(model: nn.Module, **kwargs):
    cfg = dict(type='AutocastOptimWrapper', optimizer=torch.optim.SGD(model.parameters(), lr=0.1), **kwargs)
    return OPTIM_WRAPPERS.build(cfg)


@pytest.fixture(autouse=True)
def on_cpu(monkeypatch):
    monkeypatch.setattr('mmlongtail.engine.optim.autocast_optim_wrapper.get_device', lambda: 'cpu')


def test_a_step_equals_one_written_out():
    inputs = torch.randn(4, 64)
    model, reference = linear(), linear()
    wrapper = build(model)
    with wrapper.optim_context(model):
        outputs = model(inputs)
        assert outputs.dtype == torch.bfloat16
    wrapper.update_params(outputs.float().square().mean())

    with torch.autocast('cpu', dtype=torch.bfloat16):
        reference_outputs = reference(inputs)
    assert not torch.equal(reference_outputs.float(), reference(inputs))
    gradients = torch.autograd.grad(reference_outputs.float().square().mean(), list(reference.parameters()))
    for updated, old, gradient in zip(model.parameters(), reference.parameters(), gradients):
        assert updated.dtype == torch.float32
        torch.testing.assert_close(updated, old - 0.1 * gradient)


def test_autocast_ends_with_the_context():
    model = linear()
    with build(model, dtype='float16').optim_context(model):
        assert model(torch.randn(1, 64)).dtype == torch.float16
    assert model(torch.randn(1, 64)).dtype == torch.float32


def test_other_types_are_refused():
    with pytest.raises(ValueError, match=r"dtype is 'float32', expected one of .*bfloat16"):
        build(linear(), dtype='float32')
