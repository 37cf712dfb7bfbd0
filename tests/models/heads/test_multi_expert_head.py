"""The head against its experts one by one and numpy."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

LINEAR = dict(type='LinearClsHead', num_classes=3, in_channels=4)
MULTI = dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=4)


@MODELS.register_module()
class RecordedLoss(torch.nn.Module):
    """Keeps what it gets."""

    def __init__(self, named=False):
        super().__init__()
        self.named, self.got = named, None

    def forward(self, logits, targets):
        self.got = logits, targets
        result = logits.square().mean()
        return dict(loss_a=result, note=result.detach()) if self.named else result


def build(n=2, expert=LINEAR, named=False, **kwargs):
    loss = dict(type='RecordedLoss', named=named)
    head = MODELS.build(dict(type='MultiExpertHead', num_branches=n, expert=expert, loss=loss, **kwargs))
    head.init_weights()
    for parameter in head.parameters():  # the host's start is too close to 0 to see differences
        parameter.data *= 100
    return head


def samples(labels, views=1):
    return [DataSample().set_gt_label(label) for _ in range(views) for label in labels]


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def arrays(predictions, name):
    return np.stack([np.asarray(sample.get(name).detach().double()) for sample in predictions])


@pytest.mark.parametrize('n', [1, 2, 3])
@pytest.mark.parametrize('together', [True, False])
def test_each_expert_has_its_own_layer_and_rows(n, together):
    head, parts = build(n), torch.randn(n, 2, 5, 4)
    last = parts if together else tuple(parts)
    logits = head((torch.zeros(2, 9), last))  # earlier stages are not looked at
    assert logits.shape == (n, 2, 5, 3)
    for i, expert in enumerate(head.experts):
        assert torch.allclose(logits[i], parts[i] @ expert.fc.weight.T + expert.fc.bias, atol=1e-5)
    assert len({expert.fc.weight.sum().item() for expert in head.experts}) == n


def test_experts_of_different_kinds_and_channels():
    cosine = dict(type='CosineHead', num_classes=3, in_channels=6, scale=16.0)
    head, parts = build(expert=[LINEAR, cosine]), (torch.randn(1, 2, 4), torch.randn(1, 2, 6))
    logits = head((parts,)).detach().double().numpy()[:, 0]
    assert np.allclose(logits[0], head.experts[0]((parts[0][0],)).detach())
    feat, weight = (t.detach().double().numpy() for t in (parts[1][0], head.experts[1].fc.weight))
    cosines = feat @ weight.T / np.linalg.norm(feat, axis=1)[:, None] / np.linalg.norm(weight, axis=1)
    assert np.allclose(logits[1], 16 * cosines, atol=1e-4)
    assert torch.equal(head.pre_logits((parts,)), torch.cat(parts, dim=2)[0])


@pytest.mark.parametrize(('expert', 'score_of'), [(LINEAR, softmax), (MULTI, sigmoid)])
@pytest.mark.parametrize('predict_with', ['ensemble', 0, 2])
def test_predictions(expert, score_of, predict_with):
    head, feats = build(3, expert, predict_with=predict_with), (torch.randn(3, 1, 5, 4),)
    given = samples(range(3)) + samples([[0], [1]])
    result, logits = head.predict(feats, given), head(feats)[:, 0].detach().double().numpy()
    chosen = score_of(logits.mean(0) if predict_with == 'ensemble' else logits[predict_with])
    assert all(a is b for a, b in zip(result, given)) and len(result) == 5
    assert np.allclose(arrays(result, 'pred_score'), chosen, atol=1e-6)
    assert np.allclose(arrays(result, 'expert_scores'), score_of(logits).transpose(1, 0, 2), atol=1e-6)
    for sample, row in zip(result, chosen):
        labels = [row.argmax()] if expert is LINEAR else np.flatnonzero(row >= 0.5)
        assert sample.pred_label.tolist() == list(labels)
    assert not np.allclose(chosen, score_of(logits).mean(0), atol=1e-3)  # logits are averaged, not scores


def test_prediction_without_samples_and_of_topk_labels():
    head = build(expert=dict(MULTI, topk=2))
    result = head.predict((torch.randn(2, 1, 2, 4),))
    assert len(result) == 2
    for sample in result:
        assert set(sample.pred_label.tolist()) == set(sample.pred_score.topk(2).indices.tolist())


def test_half_precision_logits_keep_distinct_scores():
    logits = torch.tensor([[[9.0, 9.0625, 8.0]], [[9.0, 9.0, 8.0]]], dtype=torch.bfloat16)
    sample = build()._get_predictions(logits[:, None], None)[0]
    assert sample.pred_score.dtype == torch.float32 and sample.pred_score[1] > sample.pred_score[0]


@pytest.mark.parametrize('views', [1, 3])
def test_loss_gets_experts_views_images_and_the_labels_once(views):
    head, batch = build(), samples([2, 0], views)
    feat = torch.randn(2, views, 2, 4)
    losses = head.loss((feat,), batch)
    logits, targets = head.loss_module.got
    assert logits.shape == (2, views, 2, 3) and targets.tolist() == [2, 0]
    for e in range(2):
        for t in range(views):
            for b in range(2):
                fc = head.experts[e].fc
                assert torch.allclose(logits[e, t, b], fc.weight @ feat[e, t, b] + fc.bias, atol=1e-4)
    assert list(losses) == ['loss'] and losses['loss'].item() == pytest.approx(logits.square().mean().item())
    assert all(sample.keys() == ['gt_label'] for sample in batch)


def test_a_dict_of_losses_is_handed_on():
    assert list(build(named=True).loss((torch.randn(2, 1, 2, 4),), samples([2, 0]))) == ['loss_a', 'note']


def test_mixed_and_multi_hot_labels():
    head, batch = build(), samples([2, 0])
    for sample in batch:
        sample.set_gt_score(torch.tensor([0.25, 0.0, 0.75]))
    head.loss((torch.randn(2, 1, 2, 4),), batch)
    assert head.loss_module.got[1].tolist() == [[0.25, 0.0, 0.75]] * 2
    head = build(expert=MULTI)
    head.loss((torch.randn(2, 2, 2, 4),), samples([[0, 2], [1]], views=2))
    targets = head.loss_module.got[1]
    assert targets.tolist() == [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]] and targets.dtype == torch.float32
    batch = samples([[0, 2]], views=2)
    for sample in batch:
        sample.set_gt_score(torch.tensor([1.0, 0.0, 1.0]))  # as the multi-label sets give them
    head.loss((torch.randn(2, 2, 1, 4),), batch)
    assert head.loss_module.got[1].tolist() == [[1.0, 0.0, 1.0]]


def test_mixed_labels_of_several_views_must_agree():
    head, batch = build(), samples([2, 0], views=2)
    labels = torch.tensor([[0.25, 0.0, 0.75], [0.75, 0.0, 0.25]])
    for sample, label in zip(batch, labels.repeat(2, 1)):
        sample.set_gt_score(label)
    head.loss((torch.randn(2, 2, 2, 4),), batch)
    assert torch.equal(head.loss_module.got[1], labels)
    batch[3].set_gt_score(labels[0])
    with pytest.raises(ValueError, match='gt_score.*differs between the 2 views.*share_mix=True'):
        head.loss((torch.randn(2, 2, 2, 4),), batch)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(n=0), 'num_branches is 0'),
        (dict(expert=[LINEAR]), 'expert is .*expected a list of 2'),
        (dict(predict_with=2), r"predict_with is 2, expected one of \['ensemble', 0, 1\]"),
        (dict(predict_with='mean'), "predict_with is 'mean'"),
        (dict(expert=[LINEAR, MULTI]), "'LinearClsHead', 'MultiLabelLinearClsHead'.*derive from ClsHead"),
        (dict(expert=[LINEAR, dict(LINEAR, num_classes=5)]), r"num_classes \['3', '5'\]"),
        (dict(expert=dict(type='LearnableWeightScalingHead', classifier=LINEAR)), 'WeightScalingHead'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


@pytest.mark.parametrize(
    'last', [torch.randn(4, 4), torch.randn(3, 1, 2, 4), (torch.randn(1, 2, 4), torch.randn(1, 3, 4))]
)
def test_features_must_fit_the_experts(last):
    with pytest.raises(ValueError, match='features of .*, expected of each of the num_branches=2'):
        build()((last,))


def test_cosines_are_not_scaled_twice():
    cosine = dict(type='CosineHead', num_classes=3, in_channels=4, scale=30.0)
    scaling = dict(type='NestedCollaborativeLoss', classification=dict(type='GCLLoss', scale=30.0))
    with pytest.raises(ValueError, match=r"\['GCLLoss'\] scale cosines themselves.*theirs by \[30.0, 30.0\]"):
        MODELS.build(dict(type='MultiExpertHead', expert=cosine, loss=scaling))
    plain = dict(type='NestedCollaborativeLoss', classification=dict(type='BalancedSoftmaxLoss'))
    assert MODELS.build(dict(type='MultiExpertHead', expert=cosine, loss=plain)).num_branches == 2
