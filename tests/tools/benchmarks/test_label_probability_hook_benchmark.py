"""A round of steps of the head alone."""

import runpy
from pathlib import Path

import torch

TOOL = Path(__file__).resolve().parents[3] / 'tools/benchmarks/label_probability_hook.py'


def test_a_round_has_steps_with_the_hook_and_without():
    tool = runpy.run_path(str(TOOL))
    step = tool['Step'](tool['build_model'](None, 8), torch.randn(4, 8), interval=2)
    before = step.model.head.fc.weight.clone()
    plain, hooked = step.round()
    assert plain > 0 and hooked > 0
    assert 'train/p_neg_tail' in step.runner.message_hub.log_scalars  # the record of the last step
    assert not step.model.head.loss_module._forward_pre_hooks
    assert not torch.equal(step.model.head.fc.weight, before)
