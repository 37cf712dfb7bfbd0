"""A finished training to read from: real files of a real run, a second long."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import dump
from mmengine.runner import Runner
from mmpretrain.registry import BATCH_AUGMENTS, MODELS
from PIL import Image


def tiny_dataset(folder: Path) -> dict:
    """Six grey pictures of three classes, annotated as MMPretrain's multi-label set wants it."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    labels = [[0], [0, 1], [0, 2], [0, 1], [1], [0]]
    for i in range(len(labels)):
        Image.fromarray(rng.integers(0, 255, (32, 32), np.uint8)).save(folder / f'{i}.png')
    items = [dict(img_path=f'{i}.png', gt_label=label) for i, label in enumerate(labels)]
    dump(dict(metainfo=dict(classes=['one', 'two', 'three']), data_list=items), folder / 'labels.json')
    pipeline = [
        dict(type='LoadImageFromFile', color_type='grayscale'),
        dict(type='Resize', scale=(32, 32)),
        dict(type='PackInputs'),
    ]
    return dict(type='MultiLabelDataset', data_root=str(folder), ann_file='labels.json', pipeline=pipeline)


@pytest.fixture(scope='session')
def tiny_config_file(tmp_path_factory) -> Path:
    """Two epochs of LeNet, evaluated after each, the best checkpoint chosen by the tail."""
    root = tmp_path_factory.mktemp('finished-run')
    dataset = tiny_dataset(root / 'pictures')
    loader = dict(batch_size=3, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False))
    metric = dict(type='LongTailMultiLabelMetric', groups=dict(edges=(3, 7)), dump_per_class=True)
    cfg = dict(
        custom_imports=dict(imports=['mmlongtail']),
        default_scope='mmpretrain',
        model=dict(
            type='ImageClassifier',
            data_preprocessor=dict(num_classes=3, mean=[127.0], std=[64.0]),
            backbone=dict(type='LeNet5'),
            neck=dict(type='GlobalAveragePooling'),
            head=dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=120),
        ),
        train_dataloader=dict(dataset=dict(type='RepeatDataset', times=2, dataset=dataset), **loader),
        val_dataloader=dict(dataset=dataset, **loader),
        test_dataloader=dict(dataset=dataset, **loader),
        train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
        val_cfg=dict(),
        test_cfg=dict(),
        val_evaluator=metric,
        test_evaluator=metric,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', max_keep_ckpts=1, save_best='long-tail/mAP_tail')
        ),
        custom_hooks=[dict(type='ClassStatisticsHook')],
        visualizer=dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
        randomness=dict(seed=7),
        work_dir=str(root / 'work_dir'),
        experiment_name='finished-run',
    )
    path = root / 'tiny.py'
    Config(cfg).dump(path)
    return path


@pytest.fixture
def tiny_config(tiny_config_file) -> Config:
    """That config, anew for each test."""
    return Config.fromfile(tiny_config_file)


@pytest.fixture(scope='session')
def finished_single_label_run(tiny_config_file, tmp_path_factory) -> Path:
    """Work dir of the same training with one label a picture, each seen twice: 8, 2 and 2 of a class."""
    root = tmp_path_factory.mktemp('finished-single-label-run')
    items = [dict(img_path=f'{i}.png', gt_label=label) for i, label in enumerate([0, 1, 2, 0, 0, 0])]
    dump(dict(metainfo=dict(classes=['one', 'two', 'three']), data_list=items), root / 'labels.json')
    cfg = Config.fromfile(tiny_config_file)
    data = cfg.test_dataloader.dataset | dict(type='BaseDataset', ann_file=str(root / 'labels.json'))
    data['data_prefix'] = data['data_root']
    cfg.train_dataloader.dataset.dataset = cfg.val_dataloader.dataset = cfg.test_dataloader.dataset = data
    cfg.model.head.type = 'LinearClsHead'
    cfg.val_evaluator = cfg.test_evaluator = dict(type='LongTailSingleLabelMetric', groups=dict(edges=(3, 9)))
    cfg.default_hooks.checkpoint.save_best = 'long-tail/top1'
    cfg.work_dir, cfg.experiment_name = str(root / 'work_dir'), 'finished-single-label-run'
    cfg.dump(root / 'single.py')
    Runner.from_cfg(Config.fromfile(root / 'single.py')).train()
    return root / 'work_dir'


@pytest.fixture(scope='session')
def finished_run(tiny_config_file) -> Path:
    """Its work dir."""
    cfg = Config.fromfile(tiny_config_file)
    Runner.from_cfg(cfg).train()
    return Path(cfg.work_dir)


@BATCH_AUGMENTS.register_module()
class DimOddViewsForTest(torch.nn.Module):
    """Halves the brightness of the second half of a batch: of the second of two views."""

    def forward(self, inputs):
        first, second = inputs.chunk(2)
        return torch.cat([first, second // 2])


@pytest.fixture(scope='session')
def expert_files(finished_single_label_run, tmp_path_factory) -> tuple[Path, Path]:
    """Config and checkpoint of two experts of random weights for that run's pictures, each in two views."""
    root = tmp_path_factory.mktemp('experts')
    cfg = Config.fromfile(finished_single_label_run / 'single.py')
    augments = dict(augments=[dict(type='DimOddViewsForTest')], num_views=2)
    cfg.model.data_preprocessor.update(type='BatchAugmentPreprocessor', **augments)
    cfg.model.type = 'MultiExpertClassifier'
    loss = dict(type='NestedCollaborativeLoss', classification=dict(type='BalancedSoftmaxLoss'))
    cfg.model.head = dict(type='MultiExpertHead', expert=cfg.model.head, loss=loss)
    cfg.test_evaluator = dict(type='PerExpertMetric', metric=cfg.test_evaluator)
    cfg.dump(root / 'experts.py')
    torch.manual_seed(0)
    state = MODELS.build(cfg.model).state_dict()
    for name, value in state.items():
        value.mul_(9 if 'head' in name else 3)  # scores that differ
    statistics = dict(class_counts=[8, 2, 2], num_images=12, classes=['one', 'two', 'three'])
    torch.save(dict(state_dict=state, class_statistics=statistics), root / 'experts.pth')
    return root / 'experts.py', root / 'experts.pth'
