"""What the hook makes of a checkpoint; its other checks have tests of their own and run in the tools' tests."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmlongtail.engine.hooks import StartCheckHook
from mmlongtail.engine.start_checks import StartError


def runner(training=False, hooks=()):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)) if training else None
    said = []
    logger = SimpleNamespace(warning=said.append)
    return SimpleNamespace(
        model=model, optim_wrapper=wrapper, hooks=hooks, cfg=dict(load_from='x.pth'), logger=logger, said=said
    )


def checkpoint(run, *without):
    return dict(state_dict={k: v for k, v in run.model.state_dict().items() if k not in without})


class Filler:
    """Stands for a hook that makes the classifier anew when training begins."""

    def fills(self, training):
        return ('1',) if training else ()


def test_a_full_checkpoint_passes_also_with_the_names_of_a_wrapper():
    run = runner()
    state = {f'module.{name}': value for name, value in run.model.state_dict().items()}
    StartCheckHook().after_load_checkpoint(run, dict(state_dict=state))
    StartCheckHook().after_load_checkpoint(run, run.model.state_dict())
    assert not run.said


def test_what_is_missing_is_named_or_warned_of():
    run = runner()
    with pytest.raises(
        StartError, match=r'x.pth does not fit the model: 1 of .*1.bias: missing.*--allow-partial'
    ):
        StartCheckHook().after_load_checkpoint(run, checkpoint(run, '1.bias'))
    StartCheckHook(allow_partial=True).after_load_checkpoint(run, checkpoint(run, '1.bias'))
    assert len(run.said) == 1 and '1.bias: missing' in run.said[0]


def test_what_a_hook_fills_may_be_missing_where_it_does():
    run = runner(training=True, hooks=[Filler()])
    StartCheckHook().after_load_checkpoint(run, checkpoint(run, '1.bias', '1.weight'))
    run = runner(hooks=[Filler()])
    with pytest.raises(StartError, match='2 of'):
        StartCheckHook().after_load_checkpoint(run, checkpoint(run, '1.bias', '1.weight'))
