"""The mean of logits over views, against a naive computation."""

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.engine.hooks import LogitAdjustmentHook


def classifier(head, channels=6, **kwargs):
    model = dict(type='ImageClassifier', backbone=dict(type='LeNet5'), head=head) | kwargs
    model = MODELS.build(model)
    model.backbone = Flat()
    model.data_preprocessor = MODELS.build(dict(type='ClsDataPreprocessor'))
    return model.eval()


class Flat(torch.nn.Module):
    """Six pixels are six channels."""

    def forward(self, x):
        return (x.flatten(1),)


def batch(views, images):
    inputs = torch.randn(views, images, 1, 2, 3)
    samples = [[DataSample().set_gt_label(i) for i in range(images)] for _ in range(views)]
    return inputs, dict(inputs=[list(view) for view in inputs], data_samples=samples)


def test_softmax_of_the_mean():
    model = classifier(dict(type='LinearClsHead', num_classes=4, in_channels=6))
    inputs, data = batch(5, 3)
    predicted = MODELS.build(dict(type='MeanLogitTTA', module=model)).test_step(data)
    weight, bias = (p.detach().double() for p in model.head.fc.parameters())
    mean = (inputs.flatten(2).double() @ weight.T + bias).mean(0)
    for i, (sample, logits) in enumerate(zip(predicted, mean)):
        torch.testing.assert_close(sample.pred_score.double(), logits.softmax(0), rtol=1e-5, atol=1e-6)
        assert sample.pred_label.item() == logits.argmax() and sample.gt_label.item() == i
    assert not model.head._forward_hooks


def test_sigmoid_of_the_mean():
    head = dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=6, thr=0.5)
    model = classifier(head)
    inputs, data = batch(2, 3)
    predicted = MODELS.build(dict(type='MeanLogitTTA', module=model)).test_step(data)
    mean = model.head((inputs.flatten(2).flatten(0, 1),)).unflatten(0, (2, 3)).mean(0)
    scores = torch.stack([sample.pred_score for sample in predicted])
    torch.testing.assert_close(scores, mean.sigmoid())


def test_branches_are_averaged_each():
    head = dict(
        type='MultiBranchHead',
        num_branches=1,
        num_classes=4,
        in_channels=6,
        loss=dict(type='CrossEntropyLoss'),
    )
    model = classifier(head, type='MultiBranchClassifier', num_branches=1)
    _, data = batch(3, 2)
    views = [dict(inputs=view, data_samples=data['data_samples'][i]) for i, view in enumerate(data['inputs'])]
    alone = torch.stack(
        [torch.stack([s.pred_score.logit() for s in model.test_step(view)]) for view in views]
    )
    predicted = MODELS.build(dict(type='MeanLogitTTA', module=model)).test_step(data)
    scores = torch.stack([sample.pred_score for sample in predicted])
    torch.testing.assert_close(scores, alone.mean(0).sigmoid())


def test_logit_adjustment_goes_before():
    model = classifier(dict(type='LinearClsHead', num_classes=2, in_channels=6))
    _, data = batch(2, 3)
    tta = MODELS.build(dict(type='MeanLogitTTA', module=model))
    plain = torch.stack([sample.pred_score for sample in tta.test_step(data)])
    hook = LogitAdjustmentHook(class_counts=[90, 10])
    hook._attach(tta)
    adjusted = torch.stack([sample.pred_score for sample in tta.test_step(data)])
    torch.testing.assert_close(adjusted.log().diff() - plain.log().diff(), torch.full((3, 1), 9.0).log())


def test_a_head_that_does_not_call_itself_is_told():
    model = classifier(dict(type='LinearClsHead', num_classes=2, in_channels=6))
    model.head.predict = lambda feats, samples: samples
    with pytest.raises(RuntimeError, match='MeanLogitTTA saw no logits: LinearClsHead'):
        MODELS.build(dict(type='MeanLogitTTA', module=model)).test_step(batch(2, 3)[1])
