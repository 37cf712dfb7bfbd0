"""What a state dict leaves unfilled, found through the model's own load hooks."""

import pytest
import torch
from mmpretrain.models.losses import SeesawLoss
from torch import nn

from mmlongtail.engine.checkpoint_filling import (
    describe_unfilled,
    own_parts,
    training_parts,
    unfilled,
    without,
)
from mmlongtail.engine.hooks import ClassMeanHook, FreezeHook
from mmlongtail.models.branching import branch_modules
from mmlongtail.models.heads.weight_scaling_head import ScaledLinear
from mmlongtail.models.losses import CompensatedBCELoss


@pytest.fixture
def net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def test_a_full_state_dict_fills_and_is_loaded(net):
    state = {name: torch.ones_like(value) for name, value in net.state_dict().items()}
    assert unfilled(net, state) == {}
    assert (net[2].weight == 1).all()


def test_missing_and_misshapen_are_named(net):
    state = net.state_dict()
    del state['0.bias'], state['1.num_batches_tracked']
    state['2.weight'] = torch.zeros(5, 4)
    state['other'] = torch.zeros(1)
    assert unfilled(net, state) == {'0.bias': 'missing', '2.weight': '(5, 4) there, (2, 4) in the model'}


def test_a_scalar_has_a_shape_too():
    net = nn.Module()
    net.scale = nn.Parameter(torch.tensor(1.0))
    assert unfilled(net, dict(scale=torch.zeros(2))) == {'scale': '(2) there, () in the model'}


def test_load_hooks_run():
    net = nn.Module()
    net.backbone = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    plain = {name: value.clone() for name, value in net.state_dict().items()}
    branch_modules(net, ['backbone.1'], 2)
    assert unfilled(net, plain) == {}
    del plain['backbone.0.weight']
    assert list(unfilled(net, plain)) == ['backbone.0.weight']


def test_parts_of_training_and_what_is_left():
    net = nn.Module()
    net.own, net.host, net.fc = CompensatedBCELoss(num_classes=3), SeesawLoss(num_classes=3), nn.Linear(2, 2)
    parts = training_parts(net)
    assert set(parts) >= {'own', 'host'}
    problems = dict.fromkeys(['own.mu_pos', 'owner.x', 'host.cum_samples', 'fc.weight', 'fc.bias'], 'missing')
    assert list(without(problems, [*parts, 'fc.bias'])) == ['owner.x', 'fc.weight']


def test_parts_that_fill_themselves():
    net = nn.Module()
    net.fc = ScaledLinear(nn.Linear(2, 2))
    hooks = [FreezeHook(reinitialize=['head']), object()]
    assert own_parts(net, hooks, training=True) == ['fc.scale', 'head']
    assert own_parts(net, hooks, training=False) == []
    assert own_parts(net, [ClassMeanHook({})], training=False) == ['head.means', 'head.known']


def test_the_first_few_are_described():
    text = describe_unfilled({f'a{i}': 'missing' for i in range(6)}, shown=2)
    assert text == '6 of its tensors are not filled (a0: missing, a1: missing and 4 more)'
