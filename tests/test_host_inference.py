"""MMPretrain's get_model, inference_model and ImageClassificationInferencer with models of one and of many labels."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import ImageClassificationInferencer, get_model, inference_model
from mmpretrain.registry import MODELS

CLASSES = ('cat', 'dog', 'lynx', 'owl')
ONE = dict(type='LinearClsHead', num_classes=4, in_channels=16)
MANY = dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=16)
LOSS = dict(type='CrossEntropyLoss', use_sigmoid=True)
HEADS = {
    'one label': ONE,
    'many': MANY,
    'many, the best two': dict(MANY, topk=2),
    'experts': dict(type='MultiExpertHead', expert=MANY, loss=LOSS),
    'experts of one label': dict(type='MultiExpertHead', expert=ONE, loss=LOSS),
    'branches': dict(type='MultiBranchHead', num_branches=2, num_classes=4, in_channels=16, loss=LOSS),
}


@pytest.fixture(autouse=True)
def no_bar(monkeypatch):
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)


@pytest.fixture
def trained(request, tmp_path) -> tuple[Config, str]:
    """A config and its checkpoint, of random weights."""
    head = HEADS[request.param]
    kinds = dict(MultiExpertHead='MultiExpertClassifier', MultiBranchHead='MultiBranchClassifier')
    more = {} if head['type'] not in kinds else dict(num_branches=2, branch_modules=['backbone.layer4'])
    backbone = dict(type='ResNet_CIFAR', depth=18, base_channels=2, stem_channels=2)
    gap = dict(type='GlobalAveragePooling')
    model = dict(
        type=kinds.get(head['type'], 'ImageClassifier'), backbone=backbone, neck=gap, head=head, **more
    )
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    norm = dict(mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True, num_classes=4)
    cfg = Config(
        dict(model=model, data_preprocessor=norm, test_dataloader=dict(dataset=dict(pipeline=pipeline)))
    )
    torch.manual_seed(0)
    network = MODELS.build(cfg.model.to_dict())
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.normal_() if 'var' not in name else value.uniform_(1, 2)
    meta = dict(dataset_meta=dict(classes=CLASSES))
    torch.save(dict(state_dict=network.state_dict(), meta=meta), tmp_path / 'a.pth')
    return cfg, str(tmp_path / 'a.pth')


@pytest.mark.parametrize('trained', HEADS, indirect=True)
def test_answers_are_what_the_head_decides(trained, request, tmp_path):
    cfg, checkpoint = trained
    picture = np.random.RandomState(1).randint(0, 256, (16, 16, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), picture)
    model = get_model(cfg, pretrained=checkpoint, device='cpu')
    [sample] = model.test_step(dict(inputs=torch.from_numpy(picture.transpose(2, 0, 1))[None]))
    scores = sample.pred_score.detach().numpy()
    ways = [
        inference_model(model, str(tmp_path / 'a.png')),
        inference_model(model, picture),
        ImageClassificationInferencer(cfg, checkpoint, device='cpu')(picture)[0],
    ]
    for answer in ways:
        np.testing.assert_allclose(answer['pred_scores'], scores, rtol=1e-4)
        if 'one label' in request.node.name:
            assert (
                answer['pred_label'] == scores.argmax() and answer['pred_class'] == CLASSES[scores.argmax()]
            )
            continue
        ranked = np.argsort(-scores, kind='stable')
        labels = ranked[:2] if 'two' in request.node.name else ranked[scores[ranked] >= 0.5]
        assert answer['pred_label'] == labels.tolist()
        assert answer['pred_class'] == [CLASSES[k] for k in labels]
        assert answer['pred_score'] == pytest.approx(scores[labels].tolist())


@pytest.mark.parametrize('trained', ['one label'], indirect=True)
def test_the_hosts_models_keep_what_lists_say_of_them(trained):
    model = get_model(*trained)
    assert model._metainfo.results[0].task == 'Image Classification'
    listed = SimpleNamespace(results=[SimpleNamespace(task='Image Classification')], name='a')
    model._metainfo = listed
    assert model._metainfo is listed
    model._metainfo = SimpleNamespace(results=[SimpleNamespace(task='Multi-label classification')])
    assert model._metainfo.results[0].task == 'Image Classification'


@pytest.mark.parametrize('trained', ['many'], indirect=True)
def test_samples_are_given_as_they_are(trained):
    infer = ImageClassificationInferencer(trained[0], trained[1], device='cpu')
    picture = np.zeros((16, 16, 3), np.uint8)
    [sample] = infer(picture, return_datasamples=True)
    assert infer(picture)[0]['pred_label'] == sorted(
        sample.pred_label.tolist(), key=lambda k: (-float(sample.pred_score[k]), k)
    )
