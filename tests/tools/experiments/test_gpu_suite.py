"""The suite's runs, and a plain config made to hold its pictures in memory."""

import importlib
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from mmengine.config import Config
from mmpretrain.registry import MODELS

FOLDER = Path(__file__).resolve().parents[3] / 'tools/experiments'


@pytest.fixture
def scripts(monkeypatch):
    """The folder's scripts as modules, by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in ('gpu_suite', 'run_queue', 'cifar_lt_prime'):
        sys.modules.pop(name, None)


def test_each_run_has_its_config_and_what_it_starts_from(scripts, tmp_path):
    suite, queue = scripts('gpu_suite'), scripts('run_queue')
    runs = suite.runs_of(Fraction(1, 100), '3', tmp_path, amp=True)
    names = {run.config for run in runs}
    for run in runs:
        assert (queue.CONFIGS / run.config).is_file() and (not run.start or run.start in names)
        assert run.dataset == 'CIFAR-100-LT′-IF100' and run.script == 'cifar_lt_prime.py'
        if run.before:
            assert run.before.work_dir in {other.work_dir for other in runs}
    assert runs[0].options == '--epochs 4 --of 400 --batched --amp' and runs[0].iterations == str(4 * 169)
    [second] = [run for run in runs if run.method == 'GCL']
    assert second.options == '--epochs 2 --of 200 --batched --amp' and second.iterations == '170'
    assert len({(run.config, run.method, run.prefix) for run in runs}) == len(runs)


@pytest.mark.parametrize('name', ['baselines/singlelabel/cifar100_lt_if100_ce', 'ncl/cifar100_lt_if100_bsce'])
def test_batches_come_from_memory_and_are_augmented_by_the_model(scripts, name):
    prime, queue = scripts('cifar_lt_prime'), scripts('run_queue')
    cfg = Config.fromfile(queue.CONFIGS / f'{name}.py')
    augments = cfg.data_preprocessor.get('augments')
    prime.use_batches(cfg)
    loader = cfg.train_dataloader
    assert loader.dataset.type == 'BatchedDataset' and loader.num_workers == 0
    assert [step.type for step in loader.dataset.dataset.pipeline] == ['PackInputs']
    assert loader.dataset.dataset.imbalance_factor == 100
    kinds = [a['type'] for a in cfg.data_preprocessor.augments]
    assert kinds == [a['type'] for a in augments or ()] or kinds == ['BatchRandomCrop', 'BatchRandomFlip']
    assert MODELS.build(cfg.data_preprocessor)


def test_schedules_shrink_together(scripts):
    prime, queue = scripts('cifar_lt_prime'), scripts('run_queue')
    cfg = Config.fromfile(queue.CONFIGS / 'baselines/singlelabel/cifar100_lt_if100_ldam_drw.py')
    prime.shorten(cfg, Fraction(30, 200))
    assert cfg.train_cfg.max_epochs == 30 and cfg.model.head.loss.drw_epoch == 24
    warm_up, steps = cfg.param_scheduler
    assert (warm_up.end, warm_up.convert_to_iter_based, steps.milestones) == (1, True, [24, 27])
