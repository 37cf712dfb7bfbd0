"""NCL++ with copies from the data pipeline, from teachers, and for several labels, and what its rows differ in.

The single-label methods' tests train the other rows.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

FOLDER = Path(__file__).resolve().parents[2] / 'configs/ncl'


@pytest.mark.parametrize('name', ['voc_lt', 'voc_lt_experts'])
def test_several_labels(name, tiny):
    cfg = tiny(FOLDER / f'{name}.py')
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = {key: runner.message_hub.get_scalar(f'train/{key}').current() for key in _agreements(runner)}
    assert all(value > 0 for value in losses.values()) and len(losses) == 2
    scores = runner.test()
    assert 0 < scores['long-tail/mAP'] <= 100
    if name == 'voc_lt_experts':
        experts = [scores[f'expert{i}/mAP'] for i in range(2)]
        assert scores['single/mAP'] == pytest.approx(np.mean(experts))


def _agreements(runner: Runner) -> list[str]:
    """Names of the losses between branches, experts or copies."""
    names = [key.removeprefix('train/') for key in runner.message_hub.log_scalars]
    return [name for name in names if name.startswith(('loss_con_', 'loss_inter', 'loss_intra'))]


@pytest.mark.parametrize('name', ['imagenet_lt_r10', 'inaturalist2018'])
def test_copies_from_the_data_pipeline(name, pictures, tmp_path):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    cfg.model.backbone = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)
    cfg.model.head.expert.update(in_channels=32, num_classes=20)
    rows = [f'{i}.png,{i}\n' for i in range(20)]
    (tmp_path / 'list.csv').write_text(''.join(rows[:8]))
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
        loader.dataset = dict(
            type='SingleLabelListFile',
            data_prefix=str(pictures),
            ann_file=str(tmp_path / 'list.csv'),
            classes=[str(k) for k in range(20)],
            pipeline=loader.dataset.pipeline,
        )
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.data_preprocessor.num_classes, cfg.work_dir, cfg.train_cfg.max_epochs = 20, str(tmp_path), 1
    cfg.default_hooks.start_check.allow_short = True
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    runner = Runner.from_cfg(cfg)
    seen = []
    hook = runner.model.head.register_forward_pre_hook(lambda _, args: seen.append(args[0][-1].shape[:3]))
    loss, keep = runner.model.head.loss, []
    runner.model.head.loss = lambda feats, samples: keep.append(len(samples)) or loss(feats, samples)
    runner.train()
    hook.remove()
    views = cfg.data_preprocessor.num_views
    assert keep == [views * 4] * 2
    assert seen == [(2, views, 4)] * 2  # experts, copies, images
    scores = runner.test()
    assert scores['single/top1'] == pytest.approx((scores['expert0/top1'] + scores['expert1/top1']) / 2)


def flat(node, prefix: str = '') -> dict:
    """Every value of a nested config by its path."""
    if isinstance(node, dict):
        parts = node.items()
    elif isinstance(node, (list, tuple)):
        parts = enumerate(node)
    else:
        return {prefix: node}
    return {k: v for key, part in parts for k, v in flat(part, f'{prefix}.{key}'.lstrip('.')).items()}


def difference(name: str, other: str) -> dict:
    """What one config has that the other has not, by its path; None where it lacks a value."""
    one, two = (flat(Config.fromfile(FOLDER / f'{n}.py').to_dict()) for n in (name, other))
    return {key: one.get(key) for key in one.keys() | two.keys() if one.get(key, '') != two.get(key, '')}


LOSS = 'model.head.loss'
CIFAR = 'cifar100_lt_if100'


@pytest.mark.parametrize(
    ('name', 'other', 'expected'),
    [
        (f'{CIFAR}_bil_intra_t3', f'{CIFAR}_bil_intra', {'data_preprocessor.num_views': 3}),
        (f'{CIFAR}_bil_hard_beta_0_5', f'{CIFAR}_bil_hard', {f'{LOSS}.hard.ratio': 0.5}),
        (f'{CIFAR}_bil_random', f'{CIFAR}_bil_hard', {f'{LOSS}.hard.ranking': 'random'}),
        (f'{CIFAR}_bil_inter_unbalanced', f'{CIFAR}_bil_inter', {f'{LOSS}.inter.balanced': False}),
        (f'{CIFAR}_lambda_0_2', CIFAR, {f'{LOSS}.{part}.loss_weight': 0.2 for part in ('inter', 'intra')}),
        (f'{CIFAR}_code', CIFAR, {f'{LOSS}.{part}.form': 'code' for part in ('hard', 'inter', 'intra')}),
        (
            'cifar10_lt_if100_ramp',
            'cifar10_lt_if100',
            {f'{LOSS}.{part}.ramp': 0.2 for part in ('inter', 'intra')}
            | {'default_hooks.training_progress.type': 'TrainingProgressHook'},
        ),
        ('imagenet_lt_r10_ce', 'imagenet_lt_r10_bsce', {f'{LOSS}.type': 'CrossEntropyLoss'}),
    ],
)
def test_rows_differ_in_what_they_say(name, other, expected):
    assert difference(name, other) == expected


@pytest.mark.parametrize('data', ['cifar10_lt_if100', CIFAR])
@pytest.mark.parametrize(('row', 'parts'), [('', 2), ('_bil_inter', 1), ('_bil_intra', 1)])
def test_a_control_lacks_the_agreement_alone(data, row, parts):
    name = f'{data}{row}_control'
    lost = difference(name, f'{data}{row}')
    assert all(
        value is None and key.startswith((f'{LOSS}.inter', f'{LOSS}.intra')) for key, value in lost.items()
    )
    loss = Config.fromfile(FOLDER / f'{name}.py').model.head.loss
    assert loss.inter is None and loss.intra is None and loss.classification
    assert len({key.split('.')[3] for key in lost}) == parts


@pytest.mark.parametrize(
    ('word', 'found'), [('_beta_', 'hard.ratio'), ('_lambda_', 'inter.loss_weight'), ('_share_', None)]
)
def test_sweeps_have_the_values_of_their_names(word, found):
    paths = sorted(FOLDER.glob(f'*{word}*.py'))
    assert len(paths) >= 4
    for path in paths:
        cfg, value = Config.fromfile(path), float(path.stem.split(word)[1].replace('_', '.'))
        if found:
            part, name = found.split('.')
            assert cfg.model.head.loss[part][name] == value, path.stem
        else:
            dataset = cfg.train_dataloader.dataset
            assert (dataset.type, dataset.share, dataset.dataset.type) == ('ShareSubset', value, 'ImageNetLT')
            assert dataset.dataset.pipeline[-1].type == 'PackInputs', path.stem


def test_augmentations_of_table_4():
    """Crop and flip; with mixup, whose copies are mixed alike where there are several."""
    for method in ('', '_ce', '_bsce'):
        simple, mixup = (
            Config.fromfile(FOLDER / f'{CIFAR}{method}_{kind}.py') for kind in ('simple', 'mixup')
        )
        for cfg in (simple, mixup):
            types = [augment.type for augment in cfg.data_preprocessor.augments]
            assert types == ['BatchRandomCrop', 'BatchRandomFlip']
        assert mixup.model.train_cfg.augments.to_dict() == dict(type='Mixup', alpha=1.0)
        assert mixup.data_preprocessor.to_onehot
        assert mixup.data_preprocessor.get('share_mix', False) == (not method)


def test_offline_distillation_from_finished_networks(tmp_path):
    (tmp_path / 'list.csv').write_text(''.join(f'{i}.png,{i % 10}\n' for i in range(16)))
    for i, picture in enumerate(np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)):
        cv2.imwrite(str(tmp_path / f'{i}.png'), picture)

    def small(name: str) -> Config:
        cfg = Config.fromfile(FOLDER / f'{name}.py')
        for network in (cfg.model, cfg.model.get('teacher', cfg.model)):
            network.backbone.update(depth=20, base_channels=2)
            network.head.in_channels = 8
        dataset = dict(type='SingleLabelListFile', data_root=str(tmp_path), ann_file='list.csv')
        dataset.update(classes=[str(k) for k in range(100)])
        dataset.update(pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')])
        cfg.train_dataloader.update(batch_size=8)
        cfg.train_dataloader.dataset.dataset = dataset
        cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
        cfg.test_dataloader.dataset = dict(dataset)
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / name), 1
        cfg.default_hooks.start_check.allow_short = True
        cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
        return cfg

    teacher = Runner.from_cfg(small(f'{CIFAR}_bsce'))
    teacher.train()
    cfg = small(f'{CIFAR}_offline')
    assert len(cfg.model.checkpoints) == 3 and cfg.model.head == cfg.model.teacher.head
    cfg.model.checkpoints = [str(tmp_path / f'{CIFAR}_bsce/epoch_1.pth')] * 2
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.message_hub.get_scalar('train/loss_distill').current() > 0
    expected = teacher.model.state_dict()
    for part in runner.model.teachers:
        assert all(torch.equal(value, expected[key]) for key, value in part.state_dict().items())
    assert 0 <= runner.test()['long-tail/top1'] <= 100
