"""The recipes on pretrained networks: a tiny random one, two steps and a test; and their settings."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner

from mmlongtail.apis.command_line import build_runner
from mmlongtail.compat import init_cpu_distributed
from mmlongtail.models.peft import lift_rank
from mmlongtail.tensor_file import write_class_features

FOLDER = Path(__file__).resolve().parents[2] / 'configs' / 'foundation'
SIZES = dict(embed_dims=8, num_layers=12, num_heads=2, feedforward_channels=16)
CONFIGS = sorted(path.stem for path in FOLDER.glob('*.py'))
SHARDED = [name for name in CONFIGS if name.endswith('_fsdp')]
DRY_RUNS = [name for name in CONFIGS if not name.endswith(('_fsdp', '_deepspeed'))]


@pytest.fixture(scope='session')
def one_label(tmp_path_factory):
    """Eight pictures of twenty classes, of which four have any, in a list file."""
    root = tmp_path_factory.mktemp('one_label')
    for i, picture in enumerate(np.random.default_rng(0).integers(0, 256, (8, 20, 24, 3), dtype=np.uint8)):
        cv2.imwrite(str(root / f'{i}.png'), picture)
    (root / 'list.csv').write_text(''.join(f'{i}.png,{i % 4}\n' for i in range(8)))
    return root


def components(node):
    """Every component's config, from the outside to the inside."""
    if isinstance(node, dict):
        if 'type' in node:
            yield node
        for child in node.values():
            yield from components(child)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from components(child)


def shrink(cfg: Config, root: Path, work_dir: Path) -> Config:
    """Random weights, pictures of 16 x 16 pixels, two steps."""
    single = cfg.val_evaluator.type != 'LongTailMultiLabelMetric'
    dataset = dict(type='SingleLabelListFile' if single else 'ListFileDataset', data_root=str(root))
    dataset |= dict(ann_file='list.csv', classes=[str(k) for k in range(20)])
    for part in components(cfg._cfg_dict):
        if part['type'] == 'FoundationViT':
            part.update(arch=SIZES, img_size=16, patch_size=8, init_cfg=None)
        if part['type'] in ('RandomResizedCrop', 'MinimalistCrop', 'Resize'):
            part['scale'] = (16, 16) if part['type'] == 'Resize' else 16
        if part['type'] in ('CenterCrop', 'PositionCrop'):
            part['crop_size'] = 16
        if part['type'] == 'ResizeEdge':
            part['scale'] = 18
        if part.get('num_classes', 0) > 20 or 'in_channels' in part:
            part.update(
                {
                    key: dict(num_classes=20, in_channels=8)[key]
                    for key in ('num_classes', 'in_channels')
                    if key in part
                }
            )
    cfg.data_preprocessor.num_classes = 20
    load = [dict(type='LoadImageFromFile')]
    start = cfg.default_hooks.get('classifier_start', {})
    for loader in filter(None, (cfg.train_dataloader, cfg.test_dataloader, start.get('dataloader'))):
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
        holder = loader.dataset if loader.dataset.type == 'DrawDataset' else loader
        pipeline = holder.dataset.pipeline
        holder.dataset = dict(
            dataset, pipeline=(load if pipeline[0].type != load[0]['type'] else []) + pipeline
        )
    if 'file' in start:
        start.file = str(work_dir / 'texts.safetensors')
        write_class_features(start.file, torch.randn(20, 8), [str(k) for k in range(20)])
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.train_cfg, cfg.work_dir = dict(type='ResumableEpochLoop', max_epochs=1), str(work_dir)
    cfg.train_dataloader.sampler = dict(type='UniformSampler') if single else cfg.train_dataloader.sampler
    cfg.default_hooks.start_check.allow_short = True
    cfg.visualizer.vis_backends = cfg.vis_backends = [dict(type='LocalVisBackend')]
    return cfg


@pytest.mark.parametrize('name', DRY_RUNS)
def test_trains_and_tests_what_it_should(name, one_label, pictures, tmp_path):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    single = cfg.val_evaluator.type != 'LongTailMultiLabelMetric'
    runner = Runner.from_cfg(shrink(cfg, one_label if single else pictures, tmp_path))
    model = runner.model
    model.init_weights()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    runner.train()
    scores = runner.test()
    assert all(np.isfinite(value) for key, value in scores.items() if key.endswith(('top1', 'mAP')))
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert {n.split('.')[0] for n in changed} == {'head', *(['backbone'] if 'probe' not in name else [])}
    whole = name.endswith('lm_clip')
    frozen = [n for n in before if n.startswith('backbone') and '.adapter.' not in n]
    assert whole or not changed.intersection(frozen)
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)['state_dict']
    if not whole and 'probe' not in name:
        assert {n for n in saved if n.startswith('backbone')} == {
            'backbone.frozen_checksum',
            *(n for n in before if '.adapter.' in n),
        }


def trained(name: str, root: Path, work_dir: Path, rank: int | None = None) -> tuple[Path, float]:
    """The last checkpoint and the score of an epoch, of one process or of two that accumulate to its batch."""
    several = rank is not None
    cfg = shrink(Config.fromfile(FOLDER / f'{name}.py'), root, work_dir / ('two' if several else 'one'))
    cfg.model.backbone.arch, cfg.model.branch_modules = dict(SIZES, num_layers=3), ['backbone.layers.2']
    step = dict(optimizer=dict(type='SGD', lr=0.1), clip_grad=dict(max_norm=0.1))
    cfg.optim_wrapper = dict(type='OptimWrapper', accumulative_counts=2 if several else 1, **step)
    cfg.train_dataloader.batch_size = 2 if several else 8
    if 'streams' in cfg.train_dataloader.sampler:
        cfg.train_dataloader.sampler.epoch_length = 8  # pairs: whole steps
    cfg.param_scheduler, cfg.experiment_name = None, f'{name}-{rank}'
    cfg.launcher = 'pytorch' if several else 'none'
    os.environ.update(dict(LOCAL_RANK=str(rank)) if several else {})  # of a process that ends with the test
    cfg.strategy.model_wrapper.auto_wrap_policy.min_num_params = 500
    init_cpu_distributed(cfg)
    runner = build_runner(cfg)
    runner.train()
    scores = runner.test()
    return Path(cfg.work_dir) / 'epoch_1.pth', next(
        v for k, v in scores.items() if k.endswith(('top1', 'mAP'))
    )


@pytest.mark.skipif(get_device() != 'cpu', reason='two processes need two GPUs where there is one')
@pytest.mark.parametrize('name', SHARDED)
def test_two_sharded_processes_train_as_one_whole(name, one_label, pictures, tmp_path, two_ranks):
    root = one_label if name.startswith('inat') else pictures
    whole, expected = trained(name, root, tmp_path)  # first: the processes take over what it has imported
    (file, score), other = two_ranks(lambda rank: trained(name, root, tmp_path, rank))
    assert other == (file, score)
    weights, reference = (torch.load(path, weights_only=False)['state_dict'] for path in (file, whole))
    assert weights.keys() == reference.keys() and score == pytest.approx(expected, abs=0.01)
    for key, value in reference.items():
        torch.testing.assert_close(weights[key], value, rtol=1e-3, atol=1e-5, msg=key)


@pytest.mark.parametrize(
    ('name', 'rate', 'epochs', 'classes', 'rank'),
    [
        ('cifar100_lt_if100_lift', 0.01, 10, 100, 4),
        ('imagenet_lt_lift', 0.01, 10, 1000, 32),
        ('places_lt_lift', 0.01, 10, 365, 8),
        ('inaturalist2018_lift', 0.01, 20, 8142, 256),
        ('cifar100_lt_if100_liftplus', 0.02, 5, 100, 4),
        ('inaturalist2018_liftplus', 0.02, 15, 8142, 256),
    ],
)
def test_is_the_papers_setting(name, rate, epochs, classes, rank):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    assert cfg.optim_wrapper.optimizer.to_dict() == dict(type='SGD', lr=rate, momentum=0.9, weight_decay=5e-4)
    assert cfg.train_dataloader.batch_size == 128 and cfg.train_cfg.max_epochs == epochs
    assert cfg.train_cfg.val_interval == cfg.param_scheduler[0].end == epochs
    assert cfg.model.head.scale == 25 and cfg.model.head.loss.to_dict() == dict(
        type='LogitAdjustmentLoss', tau=1.0
    )
    assert cfg.model.backbone.num_classes == cfg.model.head.num_classes == classes
    assert lift_rank(classes, 12) == rank
    crops = [t for t in components(cfg.test_dataloader.dataset) if t['type'] == 'PositionCrop']
    assert len(crops) == 5 and [t for t in components(cfg.default_hooks) if t['type'] == 'MeanLogitTTA']
    kinds = [t.type for t in cfg.train_dataloader.dataset.pipeline]
    assert ('MinimalistCrop' in kinds and 'RandomFlip' not in kinds) == ('plus' in name)


def test_imbalance_factors_and_networks_change_nothing_else():
    for factor in (50, 10):
        for kind in ('lift', 'lift_in21k'):
            full = Config.fromfile(FOLDER / f'cifar100_lt_if100_{kind}.py').to_dict()
            changed = Config.fromfile(FOLDER / f'cifar100_lt_if{factor}_{kind}.py').to_dict()
            datasets = [changed['train_dataloader']['dataset']]
            if kind == 'lift_in21k':
                datasets += [
                    changed['means']['dataset'],
                    changed['default_hooks']['classifier_start']['dataloader']['dataset'],
                ]
            for dataset in datasets:
                assert dataset['imbalance_factor'] == factor
                dataset['imbalance_factor'] = 100
            assert changed == full
    large = Config.fromfile(FOLDER / 'imagenet_lt_lift_l14.py').model
    assert (large.backbone.module.arch, large.backbone.module.patch_size, large.head.in_channels) == (
        'large',
        14,
        1024,
    )
