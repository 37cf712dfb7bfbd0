import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

LOSS = dict(
    type='CollaborativeLoss',
    streams=[['uniform'], ['rebalanced']],
    classification=dict(type='FrequencyWeightedBCELoss', class_counts=[5, 3, 1], num_images=6),
    consistency=dict(type='LogitConsistencyLoss'),
)


def build(**kwargs):
    head = dict(type='MultiBranchHead', num_branches=2, num_classes=3, in_channels=4, loss=LOSS)
    return MODELS.build(dict(head, **kwargs))


def samples(*streams):
    return [DataSample(metainfo=dict(stream=s)).set_gt_label([i % 3]) for i, s in enumerate(streams)]


def test_each_branch_has_its_own_layer_and_rows():
    head, feat = build(), torch.randn(2, 3, 5, 4)  # 2 branches, 3 views of 5 images
    head.init_weights()
    logits = head((torch.zeros(2, 9), feat))  # earlier stages are not looked at
    first, second = head.fcs
    assert logits.shape == (2, 3, 5, 3)
    for t in range(3):
        for i in range(5):
            torch.testing.assert_close(logits[0, t, i], first.weight @ feat[0, t, i] + first.bias)
            torch.testing.assert_close(logits[1, t, i], second.weight @ feat[1, t, i] + second.bias)
    assert not torch.equal(first.weight, second.weight)
    rows = head.pre_logits((feat,))
    assert rows.shape == (15, 8) and torch.equal(rows[7], torch.cat([feat[0, 1, 2], feat[1, 1, 2]]))


@pytest.mark.parametrize('average', ['score', 'logit'])
def test_prediction_averages_the_branches(average):
    head = build(average=average)
    logits = torch.tensor([[[4.0, -9.0, 0.2]], [[-1.0, -9.0, 0.1]]])
    sample = head._get_predictions(logits[:, None], None)[0]
    expected = (
        [(1 / (1 + 2.718281828**-a) + 1 / (1 + 2.718281828**-b)) / 2 for a, b in logits[:, 0].T.tolist()]
        if average == 'score'
        else [1 / (1 + 2.718281828 ** -((a + b) / 2)) for a, b in logits[:, 0].T.tolist()]
    )
    assert sample.pred_score.tolist() == pytest.approx(expected, rel=1e-5)
    assert sample.pred_label.tolist() == [0, 2]


def test_prediction_keeps_the_samples_and_takes_topk():
    head, given = build(topk=1), samples('uniform', 'uniform')
    result = head.predict((torch.randn(2, 1, 2, 4),), given)
    assert result[1] is given[1] and result[1].gt_label.tolist() == [1]
    assert result[0].pred_label.tolist() == [result[0].pred_score.argmax().item()]


def test_half_precision_logits_keep_distinct_scores():
    logits = torch.tensor([[[9.0, 9.0625, 8.0]], [[9.0, 9.0, 8.0]]], dtype=torch.bfloat16)
    score = build()._get_predictions(logits[:, None], None)[0].pred_score
    assert score.dtype == torch.float32 and score[1] > score[0]  # equal when rounded to bfloat16


def test_loss_reads_labels_and_streams_from_the_samples():
    head, feats = build(), (torch.randn(2, 1, 3, 4),)
    batch = samples('rebalanced', 'uniform', 'rebalanced')
    results = head.loss(feats, batch)
    targets = torch.eye(3)
    expected = head.loss_module(head(feats)[:, 0], targets, ['rebalanced', 'uniform', 'rebalanced'])
    assert {k: v.item() for k, v in results.items()} == {k: v.item() for k, v in expected.items()}
    for sample, row in zip(batch, targets):
        sample.set_gt_score(row * 0.5)
    soft = head.loss_module(head(feats)[:, 0], targets * 0.5, ['rebalanced', 'uniform', 'rebalanced'])
    assert head.loss(feats, batch)['loss_cls_branch0'].item() == soft['loss_cls_branch0'].item()


def test_two_views_of_one_branch_count_as_branches():
    head, feat = build(num_branches=1), torch.randn(1, 2, 2, 4)  # 2 views of 2 images
    results = head.loss((feat,), samples('uniform', 'uniform') * 2)
    first, second = head.fcs[0](feat[0])
    assert results['loss_con_uniform'].item() == pytest.approx((first - second).square().mean().item())


def test_views_of_several_branches_count_one_by_one():
    head, feat, batch = build(), torch.randn(2, 3, 2, 4), samples('uniform', 'rebalanced')
    head.loss_module.forward = lambda *given: given
    logits, targets, streams = head.loss((feat,), batch * 3)
    assert logits.shape == (6, 2, 3) and streams == ['uniform', 'rebalanced']
    torch.testing.assert_close(logits[4], head(feat[None])[1, 1])
    assert targets.tolist() == torch.eye(3)[:2].tolist()


def test_samples_without_streams_say_what_to_do():
    with pytest.raises(ValueError, match='DrawDataset'):
        build().loss((torch.randn(2, 1, 1, 4),), [DataSample().set_gt_label([0])])


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(average='max'), "'max'.*score.*logit"),
        (dict(num_classes=0), 'num_classes is 0'),
        (dict(num_branches=0), 'num_branches is 0'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


@pytest.mark.parametrize('shape', [(4, 4), (2, 2, 4), (3, 1, 2, 4)])
def test_features_have_the_batchs_axes(shape):
    with pytest.raises(ValueError, match=r'num_branches=2 \(views, images, channels\)'):
        build()((torch.randn(shape),))
