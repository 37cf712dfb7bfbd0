"""Which runs have a strategy, and what those of one process do with it; runs of two are in tests/configs."""

import pytest
from mmengine.config import Config
from mmpretrain.models import LinearClsHead
from torch import nn

from mmlongtail.engine.sharding import shard_large_blocks
from mmlongtail.engine.strategy_runner import for_one_process, wants_strategy
from mmlongtail.models.losses import CompensatedBCELoss


@pytest.mark.parametrize(
    ('settings', 'wanted'),
    [
        (dict(), False),
        (dict(sync_bn='torch'), False),
        (dict(runner_type='FlexibleRunner'), True),
        (dict(strategy=dict(type='FSDPStrategy')), True),
    ],
)
def test_a_strategy_is_asked_for(settings, wanted):
    assert wants_strategy(Config(settings)) == wanted


def test_what_a_run_with_a_strategy_does_not_read_is_refused():
    cfg = Config(dict(strategy=dict(type='DDPStrategy'), sync_bn='torch', compile=True))
    with pytest.raises(ValueError, match=r'compile, sync_bn: a run with a strategy does not read that'):
        wants_strategy(cfg)


@pytest.mark.parametrize(
    ('kind', 'launcher', 'left'),
    [
        ('FSDPStrategy', 'none', 'SingleDeviceStrategy'),
        ('DDPStrategy', 'none', 'SingleDeviceStrategy'),
        ('FSDPStrategy', 'pytorch', 'FSDPStrategy'),
        ('DeepSpeedStrategy', 'none', 'DeepSpeedStrategy'),
    ],
)
def test_one_process_does_without(kind, launcher, left, capsys):
    cfg = Config(dict(strategy=dict(type=kind), launcher=launcher))
    for_one_process(cfg)
    assert cfg.strategy.type == left
    assert ('is for several processes' in capsys.readouterr().err) == (left != kind)


@pytest.mark.parametrize(
    ('module', 'sharded'),
    [
        (nn.Linear(4, 4), True),
        (LinearClsHead(num_classes=3, in_channels=4), False),
        (CompensatedBCELoss(num_classes=3), False),
    ],
)
def test_what_has_other_methods_than_forward_stays_whole(module, sharded):
    assert shard_large_blocks(module, False, 20, min_num_params=20) == sharded
    assert not shard_large_blocks(module, False, 19, min_num_params=20)
