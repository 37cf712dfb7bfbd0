"""Normalized classifiers in a real test, and the weights left as they were."""

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmpretrain.registry import MODELS
from torch import nn

from mmlongtail.engine.hooks import TauNormalizationHook
from mmlongtail.engine.hooks.tau_normalization_hook import normalize_weights, tau_normalized


class Scores(Hook):
    """Keep the scores of a test."""

    def before_test(self, runner):
        self.values = []

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.values += [sample.pred_score.clone() for sample in outputs]


def run_test(stage_runner, stage_one, *hooks, **settings):
    runner = stage_runner(f'test_{len(hooks)}', [*hooks, seen := Scores()], load_from=stage_one, **settings)
    runner.test()
    return runner, torch.stack(seen.values)


def naive_scores(runner, pictures, tau, drop_bias):
    """Softmax of the paper's logits in NumPy's float64, image by image."""
    state = {name: value.double().numpy() for name, value in runner.model.head.state_dict().items()}
    rows = []
    for picture in pictures:
        image = picture['inputs'][None].float() - 128
        with torch.no_grad():
            (feat,) = runner.model.extract_feat(image / 64)
        logits = []
        for weight, bias in zip(state['fc.weight'], state['fc.bias']):
            length = np.sqrt(sum(w * w for w in weight))
            score = sum(w / length**tau * f for w, f in zip(weight, feat[0].double().numpy()))
            logits.append(score + (0 if drop_bias else bias))
        rows.append(np.exp(logits) / np.exp(logits).sum())
    return torch.tensor(np.array(rows))


@pytest.mark.parametrize(('tau', 'drop_bias'), [(0, False), (0.5, False), (1, False), (1.3, True), (0, True)])
def test_scores_are_the_papers_formula(stage_runner, stage_one, pictures, tau, drop_bias):
    _, plain = run_test(stage_runner, stage_one)
    runner, scores = run_test(stage_runner, stage_one, TauNormalizationHook(tau, drop_bias))
    expected = naive_scores(runner, pictures, tau, drop_bias)
    torch.testing.assert_close(scores.double(), expected, rtol=1e-4, atol=1e-6)
    assert torch.equal(scores, plain) == ((tau, drop_bias) == (0, False))
    stored = torch.load(stage_one)['state_dict']
    assert all(torch.equal(value, stored[name]) for name, value in runner.model.state_dict().items())


def test_lengths():
    weight = torch.randn(5, 7) * torch.tensor([1e-3, 1, 2, 30, 1e4])[:, None]
    assert torch.equal(normalize_weights(weight, 0), weight)
    lengths = [np.linalg.norm(row) for row in normalize_weights(weight, 1).double().numpy()]
    assert lengths == pytest.approx([1] * 5, abs=1e-6)
    half = [np.linalg.norm(row) for row in normalize_weights(weight, 0.5).double().numpy()]
    assert half == pytest.approx([np.sqrt(np.linalg.norm(row)) for row in weight.double().numpy()])
    for tau in (0, 0.5, 1, 2):
        assert not normalize_weights(torch.zeros(1, 3), tau).any()


@pytest.mark.parametrize('ema', [[], [dict(type='EMAHook', momentum=0.3)]])
def test_validation_leaves_a_training_alone(stage_runner, tmp_path, ema):
    """Also where EMAHook exchanges the weights for the validation."""
    stage_runner('plain', ema).train()
    stage_runner('tau', [*ema, TauNormalizationHook(1)]).train()
    plain, tau = (torch.load(tmp_path / name / 'epoch_2.pth') for name in ('plain', 'tau'))
    for part in ['state_dict', 'ema_state_dict'][: 1 + len(ema)]:
        assert all(torch.equal(value, tau[part][name]) for name, value in plain[part].items())


def test_every_branch_and_views_are_reached():
    head = nn.Module()
    head.num_classes = 3
    head.fcs = nn.ModuleList(nn.Linear(4, 3) for _ in range(2))
    head.hidden = nn.Linear(4, 5)
    hidden = head.hidden.weight.clone()
    with tau_normalized(head, 1):
        for fc in head.fcs:
            assert fc.weight.norm(dim=1).tolist() == pytest.approx([1] * 3)
        assert torch.equal(head.hidden.weight, hidden)


def test_an_error_restores_the_weights():
    head = MODELS.build(dict(type='LinearClsHead', num_classes=3, in_channels=4))
    before = head.fc.weight.clone()
    with pytest.raises(KeyError), tau_normalized(head, 1, drop_bias=True):
        raise KeyError
    assert torch.equal(head.fc.weight, before) and head.fc.bias.any()


def test_what_has_no_lengths_is_refused():
    with pytest.raises(ValueError, match='tau is -1, expected a finite number >= 0'):
        TauNormalizationHook(-1)
    cosine = MODELS.build(dict(type='CosineHead', num_classes=3, in_channels=4, scale=30))
    with pytest.raises(ValueError, match='CosineHead ignores the lengths.*LinearClsHead'):
        tau_normalized(cosine, 1).__enter__()
    means = MODELS.build(dict(type='NearestClassMeanHead', num_classes=3, in_channels=4))
    with pytest.raises(ValueError, match='NearestClassMeanHead has no linear layer of its 3 classes'):
        tau_normalized(means, 1).__enter__()


def test_weights_of_a_cosine_head_fit_a_linear_one(stage_runner, tmp_path):
    """Dot products with weights of length 1 are the cosines times the length of the features."""
    cosine = dict(type='CosineHead', num_classes=3, in_channels=4, scale=30)
    stage_runner('cosine', head=cosine).train()
    checkpoint = str(tmp_path / 'cosine' / 'epoch_2.pth')
    _, cosines = run_test(stage_runner, checkpoint, head=cosine)
    _, products = run_test(stage_runner, checkpoint, TauNormalizationHook(1, drop_bias=True))
    ratio = products.double().log().diff(dim=1) / cosines.double().log().diff(dim=1)  # |f| / 30
    assert (ratio > 0).all()
    torch.testing.assert_close(ratio[:, 0], ratio[:, 1], rtol=1e-3, atol=0)
