"""Any config on a few pictures, with a tiny network."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

TINY = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)
CHANNELS = 32


@pytest.fixture(scope='session')
def pictures(tmp_path_factory):
    """Twenty pictures with two of twenty classes each, in a list file."""
    root = tmp_path_factory.mktemp('pictures')
    noise = np.random.default_rng(0).integers(0, 256, (20, 36, 36, 3), dtype=np.uint8)
    for i, picture in enumerate(noise):
        cv2.imwrite(str(root / f'{i}.png'), picture)
    (root / 'list.csv').write_text(''.join(f'{i}.png,{i},{(i + 1) % 20}\n' for i in range(20)))
    return root


@pytest.fixture
def tiny(pictures, tmp_path):
    """Function from a VOC-LT config file to its config of one epoch on the pictures, of 32 x 32 pixels."""

    def adapted(path: Path) -> Config:
        cfg = Config.fromfile(path)
        num_classes = cfg.num_classes
        reader = cfg.model.neck if 'in_channels' in (cfg.model.get('neck') or {}) else cfg.model.head
        cfg.model.backbone, reader.in_channels = TINY, CHANNELS
        for loader in (cfg.train_dataloader, cfg.test_dataloader):
            loader.update(num_workers=0, persistent_workers=False, batch_size=4)
            holder = loader if loader is cfg.test_dataloader else loader.dataset
            pipeline = holder.dataset.pipeline
            [views] = [t.transforms[0] for t in pipeline if t.type == 'MultiView'] or [pipeline]
            [resize] = [t for t in views if t.type == 'Resize']
            resize.scale = (32, 32)
            holder.dataset = dict(
                type='ListFileDataset',
                data_root=str(pictures),
                ann_file='list.csv',
                classes=[str(k) for k in range(num_classes)],
                pipeline=pipeline,
            )
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path), 1
        cfg.default_hooks.start_check.allow_short = True
        cfg.visualizer.vis_backends = cfg.vis_backends = [dict(type='LocalVisBackend')]
        return cfg

    return adapted
