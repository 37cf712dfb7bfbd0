"""Every row of the collaborative paper's tables is a config that trains: here a tiny network on a few pictures."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import Runner

FOLDER = Path(__file__).resolve().parents[2] / 'configs/collab'
STREAMS = {  # what the batches hold and how many branches there are, where it is not the full method's
    'baseline_uniform': (['uniform'], 1),
    'baseline_rebalanced': (['rebalanced'], 1),
    'db_focal': (['rebalanced'], 1),
    'flip_uniform': (['uniform'], 1),
    'flip_rebalanced': (['rebalanced'], 1),
    'union': (['rebalanced', 'uniform'], 1),
    'uniform_x2': (['uniform_1', 'uniform_2'], 2),
    'rebalanced_x2': (['rebalanced_1', 'rebalanced_2'], 2),
}


@pytest.mark.parametrize('name', sorted(p.stem for p in FOLDER.glob('voc_lt*.py') if 'lambda' not in p.stem))
def test_trains_and_tests(name, tiny):
    runner = Runner.from_cfg(tiny(FOLDER / f'{name}.py'))
    seen = []
    runner.train_dataloader.collate_fn = _watch(runner.train_dataloader.collate_fn, seen)
    runner.train()
    streams, branches = STREAMS.get(name.removeprefix('voc_lt_'), (['rebalanced', 'uniform'], 2))
    assert sorted(set(seen)) == streams
    assert [seen.count(stream) for stream in streams] == [len(seen) // len(streams)] * len(streams)
    assert len(getattr(runner.model.head, 'fcs', [0])) == branches
    scores = runner.test()
    assert 0 < scores['long-tail/mAP'] <= 100


def _watch(collate, seen):
    def watched(batch):
        seen.extend(item['data_samples'].stream for item in batch)
        return collate(batch)

    return watched


def test_both_sets_have_the_same_rows():
    rows = {s: {p.stem.removeprefix(s) for p in FOLDER.glob(f'{s}*.py')} for s in ('voc_lt', 'coco_lt')}
    assert rows['voc_lt'] == rows['coco_lt']


@pytest.mark.parametrize('path', sorted(FOLDER.glob('*lambda*.py')), ids=lambda path: path.stem)
def test_lambda_sweep_changes_lambda_alone(path):
    name, number = path.stem.split('_lambda_')
    swept, full = Config.fromfile(path).to_dict(), Config.fromfile(FOLDER / f'{name}.py').to_dict()
    assert swept['model']['head']['loss']['consistency'].pop('loss_weight') == float(number.replace('_', '.'))
    full['model']['head']['loss']['consistency'].pop('loss_weight')
    assert swept == full


def test_full_method_is_the_papers_setting():
    """Section 4.1 and the schedule of DB loss, read independently of the base files."""
    cfg = Config.fromfile(FOLDER / 'voc_lt.py')
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (0.01, 0.9, 1e-4)
    assert cfg.train_dataloader.batch_size == 2 * 32
    assert cfg.train_cfg.max_epochs == 8
    assert cfg.model.head.loss.consistency == dict(type='LogitConsistencyLoss', loss_weight=0.1)
    assert cfg.model.backbone.depth == 50 and cfg.model.backbone.norm_eval
    assert 'frozen_stages' not in cfg.model.backbone and cfg.model.branch_modules == ['backbone.layer4']


def test_learning_rate_follows_the_schedule():
    """Warm-up from a third over 500 iterations, a tenth after epochs 5 and 7."""
    cfg = Config.fromfile(FOLDER / 'voc_lt.py')
    wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), cfg.optim_wrapper)
    warm_up, steps = (PARAM_SCHEDULERS.build(dict(s, optimizer=wrapper)) for s in cfg.param_scheduler)
    rates = []
    for iteration in range(8 * 121):
        rates.append(wrapper.get_lr()['lr'][0])
        warm_up.step()
        if iteration % 121 == 120:
            steps.step()
    assert rates[0] == pytest.approx(0.01 / 3)
    assert rates[250] == pytest.approx(0.01 * 2 / 3, rel=0.01)
    assert rates[500] == pytest.approx(0.01) and rates[5 * 121 - 1] == pytest.approx(0.01)
    assert rates[5 * 121] == pytest.approx(1e-3) and rates[7 * 121] == pytest.approx(1e-4)
