"""Bytes foretold for a checkpoint are those that an optimizer comes to."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmlongtail.engine.hooks.checkpoint_size import optimizer_bytes, weight_bytes

OPTIMIZERS = dict(
    adam=lambda params: torch.optim.AdamW(params),
    momentum=lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    plain=lambda params: torch.optim.SGD(params, lr=0.1),
)


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_of_weights_and_of_an_optimizer_after_its_first_step(name):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = OPTIMIZERS[name](model.parameters())
    groups = optimizer.param_groups
    runner = SimpleNamespace(model=model, optim_wrapper=SimpleNamespace(param_groups=groups))
    several = SimpleNamespace(
        model=model, optim_wrapper=SimpleNamespace(param_groups=dict(a=groups, b=groups))
    )
    # 3 x 4 + 4 of the layer, 4 x 4 of batch norm in float32, and its counter in int64
    assert weight_bytes(runner) == 4 * (16 + 16) + 8
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    values = [
        v for state in optimizer.state.values() for v in state.values() if torch.is_tensor(v) and v.dim()
    ]
    assert optimizer_bytes(runner) == sum(value.nbytes for value in values)
    assert optimizer_bytes(several) == 2 * optimizer_bytes(runner)
