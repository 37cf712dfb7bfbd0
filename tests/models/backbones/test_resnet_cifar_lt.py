"""The backbone against the published size, naive loops and a hand-made training step."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from mmlongtail.models.backbones.resnet_cifar_lt import CifarResNet, ShortcutABlock
from mmlongtail.models.branching import branch_modules, lay_out
from mmlongtail.structures import BatchLayout


@pytest.mark.parametrize(
    'depth, millions', [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)]
)  # He et al., table 6
def test_size_is_the_published_one(depth, millions):
    network = MODELS.build(dict(type='CifarResNet', depth=depth))
    count = sum(p.numel() for p in network.parameters()) + 10 * 64 + 10
    assert round(count / 1e6, 2) == millions
    assert sum(isinstance(m, nn.Conv2d) for m in network.modules()) == depth - 1


def test_resnet_32_has_464154_parameters():
    """By hand: stem 3*16*9, 5 pairs per stage and their norms, and the classifier of ten classes."""
    pairs = 10 * 16 * 16 * 9 + (16 + 9 * 32) * 32 * 9 + (32 + 9 * 64) * 64 * 9
    norms = 2 * (11 * 16 + 10 * 32 + 10 * 64)
    count = sum(p.numel() for p in CifarResNet().parameters())
    assert count == 3 * 16 * 9 + pairs + norms == 464_154 - 650


@pytest.mark.parametrize('channels, stride', [((4, 4), 1), ((4, 8), 2), ((3, 8), 2)])
def test_shortcut_against_loops(channels, stride):
    x = torch.randn(2, channels[0], 6, 6, generator=torch.Generator().manual_seed(0))
    result = ShortcutABlock(*channels, stride).shortcut(x)
    expected = torch.zeros(2, channels[1], 6 // stride, 6 // stride)
    for channel in range(channels[0]):
        for row in range(6 // stride):
            for column in range(6 // stride):
                place = (channels[1] - channels[0]) // 2 + channel
                expected[:, place, row, column] = x[:, channel, row * stride, column * stride]
    torch.testing.assert_close(result, expected)


def test_maps_of_the_stages():
    network = CifarResNet(20, out_indices=(0, 2))
    shapes = [tuple(x.shape) for x in network(torch.zeros(2, 3, 32, 32))]
    assert shapes == [(2, 16, 32, 32), (2, 64, 8, 8)]


def test_a_block_is_conv_norm_relu_conv_norm_plus_input():
    torch.manual_seed(0)
    block = ShortcutABlock(4, 4, 1).double().eval()
    for norm in (block.bn1, block.bn2):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    out = x
    for conv, norm, added in ((block.conv1, block.bn1, 0), (block.conv2, block.bn2, x)):
        columns = nn.functional.unfold(out, 3, padding=1)
        out = (conv.weight.flatten(1) @ columns).view(2, 4, 5, 5)
        mean, var = norm.running_mean.view(-1, 1, 1), norm.running_var.view(-1, 1, 1)
        out = ((out - mean) / (var + 1e-5).sqrt() + added).clamp(min=0)
    torch.testing.assert_close(block(x), out)


def test_weights_start_kaiming_normal():
    torch.manual_seed(0)
    network = CifarResNet(20)
    network.init_weights()
    weight = network.layer3[1].conv1.weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)
    assert weight.abs().max() > 3.5 * weight.std()  # normal, not uniform


@pytest.mark.parametrize(
    'frozen, names', [(-1, ()), (0, ('conv1', 'bn1')), (2, ('conv1', 'bn1', 'layer1', 'layer2'))]
)
def test_frozen_stages_stay_as_they_are(frozen, names):
    torch.manual_seed(0)
    network = CifarResNet(20, frozen_stages=frozen).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    network(torch.randn(4, 3, 32, 32))[0].square().mean().backward()
    optimizer.step()
    same = {key for key, value in network.state_dict().items() if torch.equal(value, before[key])}
    assert same == {key for key in before if key.split('.')[0] in names}


def test_last_stage_can_be_branched():
    """Two experts on one trunk: the branched model gives 2 B rows, equal ones as the copies are equal."""
    root = nn.Module()
    root.backbone = CifarResNet(20).eval()
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    plain = root.backbone(x)[0]
    branch_modules(root, ['backbone.layer3'], 2)
    lay_out(BatchLayout.of_inputs(3, branches=2), root)
    torch.testing.assert_close(root.backbone(x)[0], torch.cat([plain, plain]))


@pytest.mark.parametrize(
    'bad, named',
    [
        (dict(depth=34), 'depth is 34'),
        (dict(out_indices=(3,)), r'out_indices\[0\] is 3'),
        (dict(out_indices=()), r'out_indices is \(\)'),
        (dict(frozen_stages=4), 'frozen_stages is 4'),
    ],
)
def test_bad_arguments_are_named(bad, named):
    with pytest.raises(ValueError, match=named):
        CifarResNet(**bad)
