"""A model out of its checkpoint: filled or refused, offline, and with nothing in it being run."""

import pytest
import torch
from mmengine.config import Config
from tiny_trained import CLASSES, COUNTS, EXPERTS, LINEAR, MANY, NORM, training_config

from mmlongtail.apis.trained import load_trained, offline

BRANCHES = dict(num_branches=2, num_classes=3, in_channels=4, loss=dict(type='CrossEntropyLoss'))


def test_everything_comes_from_the_checkpoint(write_checkpoint):
    path = write_checkpoint(MANY)
    trained = load_trained(path)
    assert trained.classes == CLASSES and trained.groups == ('head', 'medium', 'tail')
    assert trained.multi_label and trained.thresholds.tolist() == [0.5] * 3
    state = torch.load(path, weights_only=True)['state_dict']
    assert all(torch.equal(value, state[name]) for name, value in trained.model.state_dict().items())
    assert (
        not trained.model.training and trained.model.data_preprocessor.mean.flatten().tolist() == NORM['mean']
    )


def test_groups_of_single_label_models_and_of_the_configs_metric(write_checkpoint):
    assert load_trained(write_checkpoint(LINEAR)).groups == ('many', 'medium', 'few')
    metric = dict(type='LongTailMultiLabelMetric', groups=dict(edges=(3, 4)))
    cfg = training_config(MANY, test_evaluator=metric)
    assert load_trained(write_checkpoint(MANY, config=cfg)).groups == ('head', 'head', 'head')


def test_code_in_the_config_is_not_run(write_checkpoint, tmp_path):
    harm = tmp_path / 'harm'
    path = write_checkpoint(MANY, text=f'open({str(harm)!r}, "w")')
    with pytest.raises(ValueError, match='has no config of a model that is data alone: name the config file'):
        load_trained(path)
    assert load_trained(path, training_config(MANY)).classes == CLASSES
    assert not harm.exists()


@pytest.mark.parametrize('drop', ['fc.weight', 'layer1.0.conv1'])
def test_a_checkpoint_that_does_not_fill_is_refused(drop, write_checkpoint):
    path = write_checkpoint(MANY, drop=drop)
    with pytest.raises(ValueError, match=rf'does not fit the model: 1 of its tensors .*{drop}'):
        load_trained(path)
    assert load_trained(path, allow_partial=True).multi_label


def test_no_weights_are_fetched(write_checkpoint):
    cfg = training_config(MANY)
    cfg.model.pretrained = 'https://nowhere.invalid/a.pth'
    cfg.model.backbone.init_cfg = [dict(type='Pretrained', checkpoint='missing.pth'), dict(type='Kaiming')]
    trained = load_trained(write_checkpoint(MANY, config=cfg))
    assert trained.model.init_cfg is None
    assert [item['type'] for item in trained.model.backbone.init_cfg] == ['Kaiming']
    kept = offline(dict(a=[dict(pretrained=True, init_cfg=dict(type='Pretrained', checkpoint='x'), b=1)]))
    assert kept == dict(a=[dict(pretrained=False, b=1)])
    with pytest.raises(ValueError, match='trust_remote_code'):
        offline(dict(backbone=dict(trust_remote_code=True)))


def test_experts(write_checkpoint):
    path = write_checkpoint(EXPERTS)
    assert load_trained(path).model.head.predict_with == 'ensemble'
    assert load_trained(path, expert=1).model.head.predict_with == 1
    with pytest.raises(ValueError, match=r'expert is 2, expected one of \[0, 1\]'):
        load_trained(path, expert=2)
    with pytest.raises(ValueError, match='MultiLabelLinearClsHead has no experts'):
        load_trained(write_checkpoint(MANY), expert=0)


def test_thresholds_are_the_tuned_ones_of_the_same_expert_or_the_heads(write_checkpoint):
    tuned = dict(class_thresholds=dict(values=[0.1, 0.2, 0.3], goal='F1', expert=None))
    many = dict(EXPERTS, expert=dict(MANY, thr=0.7))
    path = write_checkpoint(many, **tuned)
    assert load_trained(path).thresholds.tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert load_trained(path, expert=0).thresholds.tolist() == pytest.approx([0.7] * 3)
    assert load_trained(write_checkpoint(dict(MANY, topk=2))).top_k == 2
    tuned['class_thresholds']['values'] = [0.1]
    with pytest.raises(ValueError, match='class_thresholds.values is .*expected a list of 3'):
        load_trained(write_checkpoint(MANY, **tuned))


def test_a_head_of_branches_may_be_of_one_label(write_checkpoint):
    from mmpretrain.registry import MODELS

    from mmlongtail.host_inference import is_multi_label

    kinds = {
        name: MODELS.build(dict(type=name, **BRANCHES))
        for name in ('MultiBranchHead', 'SingleLabelBranchHead')
    }
    assert [is_multi_label(head) for head in kinds.values()] == [True, False]


def test_hooks_that_belong_to_a_test_work_on_predictions(write_checkpoint):
    cfg = training_config(LINEAR, custom_hooks=[dict(type='LogitAdjustmentHook', tau=2.0)])
    plain, adjusted = (
        load_trained(write_checkpoint(LINEAR, config=c)) for c in (training_config(LINEAR), cfg)
    )
    feats = (torch.randn(5, 4),)
    priors = torch.tensor(COUNTS, dtype=torch.float64)
    expected = plain.model.head(feats) - 2 * (priors / priors.sum()).log()
    torch.testing.assert_close(adjusted.model.head(feats), expected.float(), check_dtype=False)


def test_other_files_are_refused(tmp_path, write_checkpoint):
    torch.save([1], tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='a.pth has no state_dict'):
        load_trained(tmp_path / 'a.pth')
    with pytest.raises(FileNotFoundError, match='missing.pth'):
        load_trained(tmp_path / 'missing.pth')
    other = Config(dict(training_config(MANY).to_dict()))
    other.model.head.num_classes = 4
    with pytest.raises(ValueError, match=r'fc.weight: \(3, 4\) there, \(4, 4\) in the model'):
        load_trained(write_checkpoint(MANY), other)
    with pytest.raises(ValueError, match='names 3 classes, its model has 4'):
        load_trained(write_checkpoint(MANY), other, allow_partial=True)
