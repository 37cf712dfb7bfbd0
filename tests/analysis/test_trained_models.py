"""Models and groups as the configs and checkpoints of real runs have them."""

import pytest
import torch
from mmengine.config import Config

from mmlongtail.analysis import trained_models
from mmlongtail.structures import MULTI_LABEL


def test_model_has_the_weights_and_the_preprocessor(finished_single_label_run, tmp_path):
    checkpoint = finished_single_label_run / 'epoch_2.pth'
    cfg = trained_models.read_config(finished_single_label_run / 'single.py')
    cfg.data_preprocessor = cfg.model.pop('data_preprocessor')  # as most configs have it
    model = trained_models.load_model(cfg, checkpoint)
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])
    assert not model.training and model.data_preprocessor.mean.item() == 127
    del state['backbone.features.0.weight']
    torch.save(dict(state_dict=state), tmp_path / 'lacking.pth')
    with pytest.raises(ValueError, match=r'lacking.pth lacks backbone\.features\.0\.weight'):
        trained_models.load_model(cfg, tmp_path / 'lacking.pth')


def test_groups_of_the_test_metric(tiny_config_file, expert_files):
    multi_label = trained_models.config_groups(trained_models.read_config(tiny_config_file))
    assert multi_label.names == ('head', 'medium', 'tail') and multi_label.edges == (3, 7)
    inside = trained_models.config_groups(trained_models.read_config(expert_files[0]))
    assert inside.names == ('many', 'medium', 'few') and inside.edges == (3, 9)
    others = Config(dict(test_evaluator=[dict(type='Accuracy'), dict(type='LongTailSingleLabelMetric')]))
    assert trained_models.config_groups(others).head_inclusive is False
    assert trained_models.config_groups(Config(dict(test_evaluator=dict(type='Accuracy')))) == MULTI_LABEL


def test_settings_are_overridden(tiny_config_file):
    cfg = trained_models.read_config(tiny_config_file, {'model.head.num_classes': 7})
    assert cfg.model.head.num_classes == 7 and cfg.model.type == 'ImageClassifier'
