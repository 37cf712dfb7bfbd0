"""The order in which a run's hooks are called, by hand, and how a config switches one off."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def hooks_of(name: str, options: dict) -> list[str]:
    """Types of the hooks that MMEngine registers for a config, in the order of their calls."""
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    cfg.merge_from_dict(options)
    init_default_scope('mmpretrain')
    runner = Runner.__new__(Runner)
    runner._hooks = []
    runner.register_hooks(cfg.default_hooks, cfg.get('custom_hooks'))
    return [type(hook).__name__ for hook in runner.hooks]


ORDER = [
    *('FreezeHook', 'RuntimeInfoHook', 'ClassStatisticsHook', 'FiniteLossHook', 'IterTimerHook'),
    *('DistSamplerSeedHook', 'DatasetEpochHook', 'ChannelsLastHook', 'LoggerHook', 'ParamSchedulerHook'),
    *('AtomicCheckpointHook', 'StartCheckHook', 'ProgressBarHook'),
]


@pytest.mark.parametrize(
    ('hook', 'type_name'),
    [
        (None, None),
        ('finite_loss', 'FiniteLossHook'),
        ('frozen', 'FreezeHook'),
        ('checkpoint', 'AtomicCheckpointHook'),
    ],
)
def test_hooks_have_an_order_and_go_by_name(hook, type_name):
    options = {f'default_hooks.{hook}': None} if hook else {}
    found = hooks_of('baselines/singlelabel/cifar10_lt_if100_crt', options)
    assert found == [name for name in ORDER if name != type_name]


def test_a_config_leaves_out_a_hook_of_its_base():
    names = [hooks_of(name, {}) for name in ('baselines/multilabel/voc_lt_rs', 'ncl/voc_lt_experts')]
    assert [name for name in names[0] if name not in names[1]] == ['LabelProbabilityHook']
