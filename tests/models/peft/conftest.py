"""Tiny vision transformers."""

import pytest
import torch
from mmpretrain.registry import MODELS

VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16),
    img_size=8,
    patch_size=4,
)


@pytest.fixture
def vit() -> dict:
    """Config of a network of two blocks."""
    return dict(VIT, arch=dict(VIT['arch']))


@pytest.fixture
def images() -> torch.Tensor:
    """Three of them."""
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def plain(vit, tmp_path):
    """The plain network and the file of its weights."""
    torch.manual_seed(1)
    network = MODELS.build(vit)
    network.eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.save(dict(state_dict=network.state_dict()), tmp_path / 'plain.pth')
    return network, str(tmp_path / 'plain.pth')
