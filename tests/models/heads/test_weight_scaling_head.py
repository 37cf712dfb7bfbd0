"""Learnable weight scaling on top of checkpoints of linear and cosine heads."""

import pytest
import torch
from mmengine.runner import load_checkpoint
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

SIZE = dict(num_classes=3, in_channels=4)
LINEAR = dict(type='LinearClsHead', **SIZE, loss=dict(type='CrossEntropyLoss'))
COSINE = dict(type='CosineHead', **SIZE, scale=20, loss=dict(type='CrossEntropyLoss'))
CLOUDED = dict(
    type='CosineHead', **SIZE, loss=dict(type='GCLLoss', scale=20, noise_mul=0, class_counts=[9, 3, 1])
)
HEADS = dict(linear=LINEAR, cosine=COSINE, clouded=CLOUDED)


def model(head):
    return torch.nn.ModuleDict(dict(head=MODELS.build(head)))


@pytest.fixture(params=HEADS)
def stages(request, tmp_path):
    """A head of stage 1, and one of stage 2 that has loaded its checkpoint."""
    config = HEADS[request.param]
    first, second = model(config), model(dict(type='LearnableWeightScalingHead', classifier=config))
    torch.save(dict(state_dict=first.state_dict()), tmp_path / 'stage_one.pth')
    load_checkpoint(second, str(tmp_path / 'stage_one.pth'))
    return request.param, first['head'], second['head']


def samples():
    return [DataSample().set_gt_label(label) for label in (0, 1, 2, 0, 1)]


def naive_logits(kind, head, feats, scale):
    """f_k times product or cosine, and the head's factor, in Python's float64."""
    rows = []
    weights = head.fc.weight.tolist()
    bias = head.fc.bias.tolist() if kind == 'linear' else [0] * 3
    for feat in feats.tolist():
        row = []
        for weight, b, factor in zip(weights, bias, scale.tolist()):
            score = sum(f * w for f, w in zip(feat, weight)) + b
            if kind != 'linear':
                lengths = [sum(x * x for x in vector) ** 0.5 for vector in (feat, weight)]
                score *= 20 / lengths[0] / lengths[1]
            row.append(factor * score)
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float64)


def test_it_starts_as_stage_one(stages):
    _, first, second = stages
    feats = (torch.randn(5, 4),)
    torch.testing.assert_close(second(feats), first(feats))
    one, two = first.predict(feats, samples()), second.predict(feats, samples())
    for a, b in zip(one, two):
        torch.testing.assert_close(a.pred_score, b.pred_score)
    torch.testing.assert_close(first.loss(feats, samples()), second.loss(feats, samples()))
    assert torch.equal(second.pre_logits(feats), feats[0])


def test_scaled_logits_loss_and_prediction(stages):
    kind, first, second = stages
    feats = (torch.randn(5, 4),)
    scale = torch.tensor([0.5, 1.5, 3.0])
    second.classifier.fc.scale.data.copy_(scale)
    expected = naive_logits(kind, first, feats[0], scale)
    torch.testing.assert_close(second(feats).double(), expected, rtol=1e-4, atol=1e-5)
    scores = torch.stack([sample.pred_score for sample in second.predict(feats)]).double()
    torch.testing.assert_close(scores, expected.softmax(1), rtol=1e-4, atol=1e-5)
    logs = expected.log_softmax(1)
    mean = -sum(logs[i, label] for i, label in enumerate((0, 1, 2, 0, 1))) / 5
    torch.testing.assert_close(second.loss(feats, samples())['loss'].double(), mean, rtol=1e-4, atol=1e-5)


def learned(head):
    """What three steps change."""
    before = {name: value.clone() for name, value in head.state_dict().items()}
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        head.loss((torch.randn(5, 4),), samples())['loss'].backward()
        optimizer.step()
    return {name for name, value in head.state_dict().items() if not torch.equal(value, before[name])}


def test_only_the_factors_learn(stages):
    assert learned(stages[2]) == {'classifier.fc.scale'}


def test_the_weights_learn_too_if_asked():
    head = MODELS.build(dict(type='LearnableWeightScalingHead', classifier=LINEAR, train_weights=True))
    names = ['scale', 'layer.weight', 'layer.bias']
    assert learned(head) == {f'classifier.fc.{name}' for name in names}


def test_its_own_checkpoint_fits_too(stages, tmp_path):
    kind, _, second = stages
    second.classifier.fc.scale.data.copy_(torch.tensor([0.5, 1.5, 3.0]))
    torch.save(dict(state_dict=torch.nn.ModuleDict(dict(head=second)).state_dict()), tmp_path / 'two.pth')
    again = model(dict(type='LearnableWeightScalingHead', classifier=HEADS[kind]))
    load_checkpoint(again, str(tmp_path / 'two.pth'), strict=True)
    feats = (torch.randn(5, 4),)
    assert torch.equal(again['head'](feats), second(feats))


def test_loading_leaves_the_callers_dict_alone():
    state = model(LINEAR).state_dict()
    names = list(state)
    model(dict(type='LearnableWeightScalingHead', classifier=LINEAR)).load_state_dict(state, strict=False)
    assert list(state) == names


def test_a_head_without_fc_is_refused():
    with pytest.raises(ValueError, match='classifier is a ClsHead, expected a head with a linear layer fc'):
        MODELS.build(dict(type='LearnableWeightScalingHead', classifier=dict(type='ClsHead')))
