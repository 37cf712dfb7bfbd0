"""Experts of different architectures against plain networks of the same weights."""

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

POOL = dict(type='GlobalAveragePooling')
RESNET = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
VIT = dict(
    type='VisionTransformer',
    img_size=32,
    patch_size=8,
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
)
NETWORKS = [dict(backbone=RESNET, neck=POOL), dict(backbone=VIT), dict(backbone=VIT, neck=None)]
HEADS = [dict(type='LinearClsHead', num_classes=3, in_channels=c) for c in (64, 16, 16)]
LOSS = dict(
    type='NestedCollaborativeLoss',
    classification=dict(type='CrossEntropyLoss'),
    inter=dict(type='PeerDistillationLoss', class_counts=[5, 2, 1]),
)


def build(networks=NETWORKS, n=None, **kwargs):
    head = dict(type='MultiExpertHead', expert=HEADS[: n or 3], loss=LOSS)
    backbone = dict(type='ParallelBackbones', networks=networks)
    return MODELS.build(
        dict(type='MultiExpertClassifier', num_branches=n, backbone=backbone, head=head, **kwargs)
    )


def test_logits_equal_plain_networks():
    model, images = build().eval(), torch.randn(2, 3, 32, 32)
    model.init_weights()
    state, logits = model.state_dict(), model(images)
    for i, (network, head) in enumerate(zip(NETWORKS, HEADS)):
        single = MODELS.build(dict(type='ImageClassifier', head=head, **network)).eval()
        names = {k: k.replace('head.', f'head.experts.{i}.') for k in single.state_dict()}
        names = {k: v if k != v else f'backbone.networks.{i}.{k}' for k, v in names.items()}
        single.load_state_dict({k: state[name] for k, name in names.items()})
        assert torch.allclose(logits[i, 0], single(images), atol=1e-6)
    assert not torch.allclose(logits[1], logits[2])  # the same architecture, other random values


def test_one_loss_trains_all_networks():
    model = build()
    losses = model(torch.randn(2, 3, 32, 32), [DataSample().set_gt_label(i) for i in range(2)], 'loss')
    model.parse_losses(losses)[0].backward()
    assert losses['loss_inter'] > 0
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_features_and_predictions_of_an_image():
    model, images = build().eval(), torch.randn(2, 3, 32, 32)
    feats = model.backbone(images)
    assert len(feats) == 1 and [f.shape for f in feats[0]] == [(2, 64), (2, 16), (2, 16)]
    assert torch.equal(model.extract_feat(images, 'pre_logits'), torch.cat(feats[0], dim=1))
    expected = model(images)[:, 0].double().mean(0).softmax(1)
    for sample, row in zip(model.predict(images), expected):
        assert torch.allclose(sample.pred_score.double(), row, atol=1e-6)


@pytest.mark.parametrize(
    ('networks', 'words'),
    [
        ([], r'networks is \[\]'),
        ([dict(neck=POOL)], r"networks\[0\] is .*'neck'.*expected a 'backbone'"),
        ([dict(backbone=RESNET, head=HEADS[0])], r"networks\[0\] is .*'head'.*expected a 'backbone'"),
    ],
)
def test_bad_networks(networks, words):
    with pytest.raises(ValueError, match=words):
        MODELS.build(dict(type='ParallelBackbones', networks=networks))


def test_maps_are_not_features():
    backbone = MODELS.build(dict(type='ParallelBackbones', networks=[NETWORKS[1], dict(backbone=RESNET)]))
    with pytest.raises(
        ValueError, match=r'networks\[1\] gives features \(2, 64, 1, 1\).*GlobalAveragePooling'
    ):
        backbone(torch.randn(2, 3, 32, 32))


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(n=2), 'backbone has num_branches=3.*classifier has num_branches=2'),
        (dict(branch_modules=['backbone']), r"branch_modules=\['backbone'\]"),
        (dict(neck=POOL), 'necks inside the backbone'),
    ],
)
def test_classifier_and_backbone_must_fit(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)
