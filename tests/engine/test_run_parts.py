"""Parts of small models and runs, and what is said where they are not there."""

from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.model import BaseTTAModel, MMDistributedDataParallel
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch import nn

from mmlongtail.engine.run_parts import bare_model, check_counts_epochs, hook_configs, named_module


class Views(BaseTTAModel):
    def __init__(self, module):
        nn.Module.__init__(self)
        self.module = module

    def merge_preds(self, data_samples_list):
        return data_samples_list


def test_the_model_comes_out_of_all_that_wraps_it():
    model = nn.Linear(2, 2)
    wrapped = MMDistributedDataParallel.__new__(MMDistributedDataParallel)  # without a process group
    nn.Module.__init__(wrapped)
    wrapped.module = Views(model)
    assert bare_model(wrapped) is bare_model(model) is model


def test_a_module_by_its_name():
    model = nn.ModuleDict(dict(body=nn.Linear(2, 2), head=nn.ModuleDict(dict(loss=nn.Identity()))))
    assert named_module(model, 'head.loss', 'losses') is model['head']['loss']
    with pytest.raises(ValueError, match=r"modules is 'neck', expected .* such as \['body', 'head'\]"):
        named_module(model, 'neck', 'modules')
    with pytest.raises(ValueError, match=r"losses is 'head.los', expected .* such as \['head.loss'\]"):
        named_module(model, 'head.los', 'losses', within='head')


def test_what_changes_with_epochs_needs_a_loop_of_epochs():
    loops = [kind.__new__(kind) for kind in (EpochBasedTrainLoop, IterBasedTrainLoop)]
    epochs, iterations = (SimpleNamespace(train_loop=loop) for loop in loops)
    check_counts_epochs(epochs, [nn.Identity()])
    check_counts_epochs(iterations, [])
    with pytest.raises(ValueError, match="train_cfg.type is 'IterBasedTrainLoop', expected .*: Identity"):
        check_counts_epochs(iterations, [nn.Identity()])


def test_hooks_of_a_config_are_those_with_names_and_the_others():
    first, second = dict(type='First'), dict(type='Second')
    cfg = Config(dict(default_hooks=dict(a=first, b=None), custom_hooks=[second]))
    assert hook_configs(cfg) == [first, second]
    assert hook_configs(Config(dict(custom_hooks=None))) == []
