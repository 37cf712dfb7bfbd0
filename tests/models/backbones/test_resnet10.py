"""The backbone against torchvision's network of the same blocks, and counted by hand."""

import pytest
import torch
from mmpretrain.registry import MODELS
from torchvision.models.resnet import BasicBlock
from torchvision.models.resnet import ResNet as TorchvisionResNet

from mmlongtail.models.backbones.resnet10 import ResNet10


def test_it_has_4905792_parameters():
    """By hand: stem; two 3x3 convolutions and norms per stage; 1x1 shortcuts with a norm where channels double."""
    expected = 3 * 64 * 49 + 2 * 64
    for before, after in ((64, 64), (64, 128), (128, 256), (256, 512)):
        expected += (before + after) * after * 9 + 4 * after
        expected += before * after + 2 * after if before != after else 0
    network = MODELS.build(dict(type='ResNet10'))
    assert sum(p.numel() for p in network.parameters()) == expected == 4_905_792


def test_maps_equal_torchvisions():
    torch.manual_seed(0)
    other = TorchvisionResNet(BasicBlock, [1, 1, 1, 1]).eval()
    for norm in (m for m in other.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 2)
    network = ResNet10(out_indices=(0, 3))
    network.eval()  # the host's returns nothing
    weights = {name: value for name, value in other.state_dict().items() if not name.startswith('fc.')}
    network.load_state_dict(weights, strict=True)
    x = torch.randn(2, 3, 64, 64)
    first = other.layer1(other.maxpool(other.relu(other.bn1(other.conv1(x)))))
    last = other.layer4(other.layer3(other.layer2(first)))
    assert last.shape == (2, 512, 2, 2)
    torch.testing.assert_close(network(x), (first, last))


@torch.no_grad()
def test_a_classifier_of_ten_layers():
    head = dict(type='LinearClsHead', num_classes=5, in_channels=512)
    config = dict(
        type='ImageClassifier', backbone=dict(type='ResNet10'), neck=dict(type='GlobalAveragePooling')
    )
    model = MODELS.build(dict(config, head=head))
    model.eval()
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len([m for m in layers if getattr(m, 'kernel_size', 0) != (1, 1)]) == 10
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 5)


def test_frozen_stages_work_as_the_hosts():
    network = ResNet10(frozen_stages=2)
    network.train()
    learning = {name.split('.')[0] for name, p in network.named_parameters() if p.requires_grad}
    assert learning == {'layer3', 'layer4'} and not network.layer2.training


def test_another_depth_is_named():
    with pytest.raises(ValueError, match='depth is 18'):
        ResNet10(depth=18)
