"""Directions of a classifier before the first iteration."""

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmlongtail.engine.hooks import ClassifierStartHook
from mmlongtail.engine.start_checks import StartError
from mmlongtail.tensor_file import write_class_features

COSINE = dict(
    type='CosineHead',
    num_classes=3,
    in_channels=4,
    scale=25,
    loss=dict(type='LogitAdjustmentLoss', class_counts=[6, 4, 2]),
)


class Note(Hook):
    """The weights before the first iteration."""

    priority = 'VERY_LOW'

    def before_train(self, runner):
        self.iter, self.weight = runner.iter, runner.model.head.fc.weight.detach().clone()
        self.training = runner.model.training


def start(stage_runner, name='start', head=COSINE, settings=None, **kwargs):
    runner = stage_runner(
        name, [ClassifierStartHook(**kwargs), note := Note()], head=head, **(settings or {})
    )
    runner.train()
    return note, runner


@pytest.mark.parametrize('suffix', ['safetensors', 'npy'])
def test_text_features(stage_runner, tmp_path, suffix):
    features, file = torch.randn(3, 4) * 7, tmp_path / f'a.{suffix}'
    if suffix == 'npy':
        np.save(file, features.numpy())
    else:
        write_class_features(file, features, ['a', 'b', 'c'])
    note, runner = start(stage_runner, file=str(file))
    expected = features / features.norm(dim=1, keepdim=True)
    torch.testing.assert_close(note.weight, expected)
    assert not torch.equal(runner.model.head.fc.weight, note.weight)  # it has learned


def test_class_means_of_images(stage_runner, pictures):
    loader = dict(batch_size=5, num_workers=0, dataset=pictures[:10])  # without class 2
    note, runner = start(
        stage_runner, dataloader=loader, settings=dict(train_cfg=dict(by_epoch=True, max_epochs=1))
    )
    torch.testing.assert_close(note.weight.norm(dim=1), torch.ones(3))
    fresh = stage_runner('fresh', head=COSINE)
    fresh.model.init_weights()
    assert note.training and note.iter == 0
    # NCM, another part of the package with a test of its own, has the same means
    images = torch.stack([(picture['inputs'].float() - 128) / 64 for picture in pictures[:10]])
    again = stage_runner('again', [other := Means(images)], head=COSINE)
    again.train()
    torch.testing.assert_close(note.weight[:2], other.directions, rtol=1e-4, atol=1e-5)


class Means(Hook):
    """Directions of the naive means of classes 0 and 1."""

    def __init__(self, images):
        self.images = images

    @torch.no_grad()
    def before_train(self, runner):
        runner.model.eval()
        feats = runner.model.extract_feat(self.images)[-1].double()
        runner.model.train()
        means = torch.stack([feats[:6].mean(0), feats[6:].mean(0)])
        self.directions = (means / means.norm(dim=1, keepdim=True)).float()


def test_a_resumed_training_keeps_what_it_has_learned(stage_runner, tmp_path):
    write_class_features(tmp_path / 'a.safetensors', torch.randn(3, 4), ['a', 'b', 'c'])
    one = dict(train_cfg=dict(by_epoch=True, max_epochs=1))
    _, first = start(stage_runner, settings=one, file=str(tmp_path / 'a.safetensors'))
    note, _ = start(stage_runner, settings=dict(resume=True), file=str(tmp_path / 'a.safetensors'))
    assert note.iter == 3 and torch.equal(note.weight, first.model.head.fc.weight)


@pytest.mark.parametrize(
    ('shape', 'kwargs', 'words'),
    [
        ((3, 5), {}, r'head.fc has weights \(3, 4\).*\(3, 5\)'),
        ((2, 4), {}, r'\(2, 4\)'),
        ((3, 4), dict(layers=['head.fcs.0']), "'head.fcs.0'.*'head.fc'"),
        (None, {}, 'a.safetensors is not there'),
    ],
)
def test_what_does_not_fit_is_refused(stage_runner, tmp_path, shape, kwargs, words):
    file = tmp_path / 'a.safetensors'
    if shape:
        write_class_features(file, torch.randn(shape), [str(k) for k in range(shape[0])])
    with pytest.raises(StartError, match=words):
        start(stage_runner, file=str(file), **kwargs)


def test_one_source_and_what_it_fills():
    for sources in ({}, dict(file='a', dataloader={})):
        with pytest.raises(ValueError, match='one of the two'):
            ClassifierStartHook(**sources)
    hook = ClassifierStartHook(file='a', layers=['head.fcs.0', 'head.fcs.1'])
    assert hook.fills(True) == ('head.fcs.0.weight', 'head.fcs.1.weight') and hook.fills(False) == ()
