"""One label per image from several branches: predictions by hand, the loss of what the branches say."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

LOSS = dict(
    type='CumulativeLoss',
    streams=['uniform', 'reversed'],
    classification=dict(type='CrossEntropyLoss', use_soft=True),
)


def build(**changes):
    config = dict(type='SingleLabelBranchHead', num_branches=2, num_classes=3, in_channels=4, loss=LOSS)
    return MODELS.build(config | changes)


def samples(*streams):
    return [DataSample(metainfo=dict(stream=s)).set_gt_label(i % 3) for i, s in enumerate(streams)]


def test_prediction_is_the_softmax_of_the_mean_logits():
    head, feat = build(), torch.randn(2, 1, 2, 4)  # 2 branches, 1 view of 2 images
    given = [DataSample().set_gt_label(k) for k in (2, 0)]
    predictions = head.predict((feat,), given)
    assert all(a is b for a, b in zip(predictions, given))
    first, second = (fc(part).tolist() for fc, part in zip(head.fcs, feat[:, 0]))
    for sample, a, b in zip(predictions, first, second):
        powers = [math.exp((x + y) / 2) for x, y in zip(a, b)]
        expected = [power / sum(powers) for power in powers]
        assert sample.pred_score.tolist() == pytest.approx(expected, rel=1e-5)
        assert sample.pred_label.tolist() == [expected.index(max(expected))]


def test_half_precision_logits_keep_distinct_scores():
    logits = torch.tensor([[[9.0, 9.0625, 8.0]], [[9.0, 9.0, 8.0]]], dtype=torch.bfloat16)
    [sample] = build()._get_predictions(logits[:, None], None)
    assert sample.pred_score.dtype == torch.float32 and sample.pred_label.tolist() == [1]


def test_loss_mixes_the_partners_of_both_streams():
    head, feat = build(), torch.randn(2, 1, 2, 4)
    head.loss_module.set_progress(1, 2)
    value = head.loss((feat,), samples('uniform', 'reversed'))['loss']
    mixed = 0.75 * head.fcs[0](feat[0, 0, 0]) + 0.25 * head.fcs[1](feat[1, 0, 1])  # the labels are 0 and 1
    logs = mixed.double().log_softmax(0)
    assert value.item() == pytest.approx(-(0.75 * logs[0] + 0.25 * logs[1]).item(), rel=1e-5)


def test_mixed_labels():
    head, feats, batch = build(), (torch.randn(2, 1, 2, 4),), samples('uniform', 'reversed')
    head.loss_module.set_progress(0, 1)  # the first branch alone
    for sample, score in zip(batch, ([0.5, 0.25, 0.25], [0.0, 0.0, 1.0])):
        sample.set_gt_score(torch.tensor(score))
    logs = head.fcs[0](feats[0][0, 0, 0]).double().log_softmax(0)
    expected = -(0.5 * logs[0] + 0.25 * logs[1] + 0.25 * logs[2])
    assert head.loss(feats, batch)['loss'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_bad_arguments():
    with pytest.raises(ValueError, match='num_classes is 0'):
        build(num_classes=0)
    with pytest.raises(ValueError, match='num_branches=2'):
        build()((torch.randn(3, 1, 1, 4),))
