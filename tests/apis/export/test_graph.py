"""The graph gives the scores that the model's own prediction gives, for every kind of head and of branches."""

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from mmlongtail.apis.export.graph import ProbabilityModel, check_equal, probabilities

CE = dict(type='CrossEntropyLoss')
SINGLE = dict(type='LinearClsHead', num_classes=3, in_channels=32)
MANY = dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=32)
BRANCHES = dict(type='MultiBranchHead', num_classes=3, in_channels=32, loss=CE)
EXPERTS = dict(type='MultiExpertHead', expert=MANY, loss=CE)
HEADS = {
    'single-label': SINGLE,
    'cosine': dict(SINGLE, type='CosineHead', loss=CE, scale=16),
    'scaled': dict(type='LearnableWeightScalingHead', classifier=SINGLE),
    'multi-label': MANY,
    'branches, scores': BRANCHES,
    'branches, logits': dict(BRANCHES, average='logit'),
    'branches, one label': dict(BRANCHES, type='SingleLabelBranchHead'),
    'experts': EXPERTS,
    'experts, one label': dict(EXPERTS, expert=SINGLE),
    'one of the experts': dict(EXPERTS, predict_with=1),
}
BACKBONE = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)


def classifier(head: dict, **settings) -> nn.Module:
    """Random weights, also of what starts equal in all branches."""
    kinds = {'MultiExpertHead': 'MultiExpertClassifier', 'MultiBranchHead': 'MultiBranchClassifier'}
    kind = kinds.get(head['type'].replace('SingleLabelBranch', 'MultiBranch'), 'ImageClassifier')
    if kind == 'MultiExpertClassifier':
        settings.setdefault('num_branches', 2)
    if kind != 'ImageClassifier':
        settings.setdefault('branch_modules', ['backbone.layer3', 'backbone.layer4'])
    neck = dict(type='GlobalAveragePooling')
    settings = dict(backbone=BACKBONE, neck=neck) | settings
    torch.manual_seed(1)
    model = MODELS.build(dict(type=kind, head=head, **settings)).eval()
    for value in model.parameters():
        nn.init.normal_(value, std=0.3)
    return model


@pytest.mark.parametrize('name', HEADS)
@torch.no_grad()
def test_scores_are_the_models_own(name):
    model, images = classifier(HEADS[name]), torch.randn(5, 3, 16, 16)
    expected = torch.stack([sample.pred_score for sample in model(images, mode='predict')])
    got = ProbabilityModel(model, (16, 16))(images)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-5)
    assert expected.std(dim=0).min() > 1e-4  # they say something


@torch.no_grad()
def test_whole_networks_side_by_side():
    neck = dict(type='GlobalAveragePooling')
    networks = [dict(backbone=BACKBONE, neck=neck), dict(backbone=dict(BACKBONE, depth=34), neck=neck)]
    backbone = dict(type='ParallelBackbones', networks=networks)
    model = classifier(EXPERTS, backbone=backbone, neck=None, branch_modules=[])
    images = torch.randn(3, 3, 16, 16)
    expected = torch.stack([sample.pred_score for sample in model(images, mode='predict')])
    torch.testing.assert_close(ProbabilityModel(model, (16, 16))(images), expected)


def test_other_heads_and_other_scores_are_refused():
    with pytest.raises(ValueError, match='Identity predicts in a way that cannot be exported'):
        probabilities(nn.Identity(), ())
    for other in (torch.tensor([0.5, 0.6]), torch.tensor([0.5, torch.nan]), torch.tensor([0.5])):
        with pytest.raises(ValueError, match='it gives other scores'):
            check_equal('it', other, torch.tensor([0.5, 0.5]))


def test_a_head_that_predicts_otherwise_is_found_out(monkeypatch):
    model = classifier(SINGLE)
    monkeypatch.setattr(type(model.head), '_get_predictions', type(classifier(MANY).head)._get_predictions)
    model.head.thr, model.head.topk = 0.5, None
    with pytest.raises(ValueError, match='gives other scores'):
        ProbabilityModel(model, (16, 16))
