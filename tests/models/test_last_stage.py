"""The last stage of networks of many kinds, and that branches made of it give branches."""

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from mmlongtail.models.last_stage import last_stage

SMALL = dict(embed_dims=8, num_layers=3, num_heads=2, feedforward_channels=8)
NETWORKS = [
    (dict(type='ResNet', depth=18), ['layer4']),
    (dict(type='ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8), ['layer4']),
    (dict(type='CifarResNet', depth=20), ['layer3']),
    (dict(type='EfficientNetLite'), ['stage7', 'conv_head']),
    (
        dict(
            type='VisionTransformer',
            arch=dict(embed_dims=8, num_layers=3, num_heads=2, feedforward_channels=8),
            img_size=32,
        ),
        ['layers.2', 'ln1'],
    ),
    (dict(type='ConvNeXt', arch=dict(depths=[1, 1, 1, 1], channels=[4, 4, 4, 8])), ['stages.3', 'norm3']),
]


def repr_type(value):
    return value['type'] if isinstance(value, dict) else ''


@pytest.mark.parametrize(
    ('config', 'names'), NETWORKS, ids=lambda value: value.get('type') if isinstance(value, dict) else ''
)
def test_known_networks(config, names):
    assert last_stage(MODELS.build(config)) == names


@pytest.mark.parametrize(
    ('config', 'names'), NETWORKS[3:], ids=lambda value: value.get('type') if isinstance(value, dict) else ''
)
def test_branches_of_it(config, names):
    modules = [f'backbone.{name}' for name in names]
    model = MODELS.build(dict(type='MultiBranchClassifier', backbone=config, branch_modules=modules))
    assert model.extract_feat(torch.zeros(2, 3, 32, 32))[-1].shape[:3] == (2, 1, 2)


def test_no_stage():
    assert last_stage(nn.Linear(2, 2)) == []


def test_what_comes_after_in_a_module_above():
    inner = nn.ModuleDict(dict(layers=nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)]), end=nn.Linear(1, 1)))
    outer = nn.ModuleDict(dict(stem=nn.Linear(1, 1), encoder=inner, drop=nn.Dropout(), norm=nn.LayerNorm(1)))
    assert last_stage(outer) == ['encoder.layers.1', 'encoder.end', 'norm']
