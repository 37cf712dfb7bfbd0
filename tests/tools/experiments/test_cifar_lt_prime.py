"""Plain configs made to hold their pictures in memory, to read them elsewhere and to train for less long."""

from fractions import Fraction
from pathlib import Path

import pytest
from mmengine.config import Config
from mmpretrain.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'


@pytest.mark.parametrize('name', ['baselines/singlelabel/cifar100_lt_if100_ce', 'ncl/cifar100_lt_if100_bsce'])
def test_batches_come_from_memory_and_are_augmented_by_the_model(scripts, name):
    prime = scripts('cifar_lt_prime')
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
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
    prime = scripts('cifar_lt_prime')
    cfg = Config.fromfile(CONFIGS / 'baselines/singlelabel/cifar100_lt_if100_ldam_drw.py')
    prime.shorten(cfg, Fraction(30, 200))
    assert cfg.train_cfg.max_epochs == 30 and cfg.model.head.loss.drw_epoch == 24
    warm_up, steps = cfg.param_scheduler
    assert (warm_up.end, warm_up.convert_to_iter_based, steps.milestones) == (1, True, [24, 27])


def test_pictures_of_every_loader_are_elsewhere(scripts):
    cfg = Config.fromfile(CONFIGS / 'baselines/singlelabel/cifar10_lt_if100_ncm.py')
    scripts('cifar_lt_prime').use_pictures(cfg, Path('elsewhere'))
    loaders = cfg.train_dataloader, cfg.test_dataloader, cfg.default_hooks.class_mean.dataloader
    assert [loader.dataset.data_root for loader in loaders] == ['elsewhere'] * 3


@pytest.mark.parametrize(
    'name',
    [
        'ncl/cifar100_lt_if100',
        'gcl/cifar100_lt_if100_no_mixup',
        'baselines/singlelabel/cifar100_lt_if100_lws',
        'baselines/singlelabel/cifar100_lt_if100_ncm',
    ],
)
def test_a_pretrained_network_sees_enlarged_images(scripts, name):
    prime, network = (
        scripts('cifar_lt_prime'),
        scripts('networks').NETWORKS['EfficientNetLite-lite0-conv_head'],
    )
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    prime.use_pretrained(cfg, network, 96)
    loaders = [cfg.train_dataloader, cfg.test_dataloader]
    loaders += [hook.dataloader for hook in cfg.default_hooks.values() if 'dataloader' in hook]
    assert len(loaders) == 2 + name.endswith('ncm')
    for loader in loaders:
        assert loader.dataset.get('dataset', loader.dataset).pipeline[0].scale == (96, 96)
    assert [a.get('padding') for a in cfg.data_preprocessor.augments] == [12, None]
    assert cfg.data_preprocessor.mean == [127] * 3
    model = cfg.model
    assert (model.backbone.frozen_stages, model.backbone.norm_eval) == (7, True)
    head = model.head.get('expert') or model.head.get('classifier') or model.head
    assert head.in_channels == 1280 and MODELS.build(model.head)
    assert model.get('branch_modules') in (None, ['backbone.conv_head'])
