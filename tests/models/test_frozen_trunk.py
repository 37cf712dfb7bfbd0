"""Networks that are cut at a module: their outputs from the trunk's features are those from images."""

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn
from torch.testing import assert_close

from mmlongtail.models.frozen_trunk import FrozenTrunk

RESNET = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4, num_stages=2, strides=(1, 2))
RESNET |= dict(dilations=(1, 1), out_indices=(1,))
VIT = dict(type='VisionTransformer', img_size=16, patch_size=8, out_type='cls_token')
VIT |= dict(arch=dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=8))


def classifier(backbone=RESNET, channels=8, neck=True, kind='ImageClassifier', **settings) -> nn.Module:
    torch.manual_seed(0)
    head = dict(type='LinearClsHead', num_classes=3, in_channels=channels)
    neck = dict(type='GlobalAveragePooling') if neck else None
    return MODELS.build(dict(dict(type=kind, backbone=backbone, neck=neck, head=head), **settings))


def two_branches() -> nn.Module:
    head = dict(
        type='MultiBranchHead', num_branches=2, num_classes=3, in_channels=8, loss=dict(type='FocalLoss')
    )
    return classifier(kind='MultiBranchClassifier', branch_modules=['backbone.layer2'], head=head)


@pytest.mark.parametrize(
    ('model', 'until', 'shape', 'modules'),
    [
        (classifier, 'backbone.layer2', (4, 8, 8), ['conv1', 'norm1', 'relu', 'layer1']),
        (classifier, 'backbone.layer1.1', (4, 8, 8), ['conv1', 'norm1', 'relu', 'layer1.0']),
        (classifier, 'neck', (8, 4, 4), ['backbone']),
        (classifier, 'head', (8,), ['backbone', 'neck']),
        (two_branches, 'backbone.layer2', (4, 8, 8), ['conv1', 'norm1', 'relu', 'layer1']),
        (lambda: classifier(VIT, neck=False), 'head', (8,), ['backbone']),
    ],
)
def test_outputs_from_features_are_those_from_images(model, until, shape, modules):
    model = model().eval()
    images = torch.randn(5, 3, 8, 8) if until != 'head' or model.neck else torch.randn(5, 3, 16, 16)
    expected = model(images, mode='tensor')
    trunk = FrozenTrunk(model, until)
    features = trunk.trace(images)
    names = {name.removeprefix('backbone.').replace('bn1', 'norm1') for name in trunk.modules}
    assert features.shape == (5, *shape) and names == set(modules)
    assert_close(trunk.features(images), features)
    trunk.install()
    for _ in range(2):
        assert_close(model(features, mode='tensor'), expected)
        assert_close(model(images, mode='tensor'), expected)
    assert_close(model(features[:2], mode='tensor'), model(images[:2], mode='tensor'))


def test_outputs_of_several_stages_pass_together():
    backbone = dict(RESNET, out_indices=(0, 1))
    model = classifier(backbone).eval()
    images = torch.randn(2, 3, 8, 8)
    expected = model(images, mode='tensor')
    trunk = FrozenTrunk(model, 'neck')
    features = trunk.trace(images)
    assert features.shape == (2, 4 * 8 * 8 + 8 * 4 * 4)
    trunk.install()
    assert_close(model(features, mode='tensor'), expected)
    first, second = model.extract_feat(features)
    assert_close(first, model.extract_feat(images)[0])
    assert second.shape == (2, 8)


def test_work_outside_the_modules_shows_in_the_outputs():
    model = classifier(VIT, neck=False).eval()
    trunk = FrozenTrunk(model, 'backbone.layers.1')
    images = torch.randn(2, 3, 16, 16)
    trunk.trace(images)
    trunk.install()
    with pytest.raises(RuntimeError):  # the class token and the positions are no modules
        model(trunk.features(images), mode='tensor')


def frozen() -> nn.Module:
    model = classifier()
    for module in (model.backbone.conv1, model.backbone.norm1, model.backbone.layer1):
        module.requires_grad_(False)
    return model


def test_only_a_frozen_trunk_is_taken():
    model = frozen()
    trunk = FrozenTrunk(model, 'backbone.layer2')
    trunk.trace(torch.randn(2, 3, 8, 8))
    with pytest.raises(ValueError, match='batch norm backbone.bn1 is in training mode'):
        trunk.check_frozen()
    model.eval()
    trunk.check_frozen()
    model.backbone.layer1[0].conv1.requires_grad_(True)
    with pytest.raises(ValueError, match='backbone.layer1.0.conv1.weight is trained: freeze it by'):
        trunk.check_frozen()


def test_random_parts_are_refused():
    model = frozen()
    model.backbone.relu = nn.Sequential(nn.ReLU(), nn.Dropout(0.1))
    model.eval()
    trunk = FrozenTrunk(model, 'backbone.layer2')
    trunk.trace(torch.randn(2, 3, 8, 8))
    trunk.check_frozen()
    model.backbone.relu.train()
    with pytest.raises(ValueError, match='backbone.relu.1 drops at random'):
        trunk.check_frozen()


@pytest.mark.parametrize(
    ('until', 'words'),
    [
        ('backbone.layer9', "until is 'backbone.layer9', expected a module of the model"),
        ('backbone', 'expected a module that others come before'),
        ('backbone.conv1', 'expected a module that others come before'),
        ('head.loss_module', 'which the model does not run for its logits'),
    ],
)
def test_other_modules_are_refused(until, words):
    with pytest.raises(ValueError, match=words):
        FrozenTrunk(classifier(), until).trace(torch.randn(2, 3, 8, 8))


def test_the_model_keeps_its_modes():
    model = frozen()
    model.backbone.layer1.eval()
    FrozenTrunk(model, 'backbone.layer2').trace(torch.randn(2, 3, 8, 8))
    assert model.training and model.backbone.layer2.training and not model.backbone.layer1.training
