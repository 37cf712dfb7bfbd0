import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def config(tmp_path):
    """The README's config for one's own data, on pictures of one's own."""
    code = re.search(r'```python\n(_base_ = .*?)```', (ROOT / 'README.md').read_text(), re.DOTALL)[1]
    code = code.replace("'./voc_lt.py'", f"'{ROOT / 'configs/collab/voc_lt.py'}'").replace(
        'data/mine', str(tmp_path / 'mine')
    )
    (tmp_path / 'mine/pictures').mkdir(parents=True)
    for part, rows in dict(train=['cat', 'dog', 'cat,dog', 'pallas_cat'] * 4, test=['cat', 'dog']).items():
        lines = []
        for i, labels in enumerate(rows):
            cv2.imwrite(str(tmp_path / f'mine/pictures/{part}{i}.jpg'), np.full((40, 50, 3), 9 * i, np.uint8))
            lines.append(f'{part}{i}.jpg,{labels}\n')
        (tmp_path / f'mine/{part}.csv').write_text(''.join(lines))
    (tmp_path / 'mine.py').write_text(code)
    return Config.fromfile(tmp_path / 'mine.py')


def test_config_for_own_data_trains_and_tests(config, tmp_path):
    cfg = config
    cfg.model.backbone = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)
    cfg.model.head.in_channels = 32
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
    for dataset in (cfg.train_dataloader.dataset.dataset, cfg.val_dataloader.dataset):
        [resize] = [t for t in dataset.pipeline if t.type == 'Resize']
        resize.scale = (32, 32)
    assert DATASETS.build(cfg.train_dataloader.dataset).metainfo['classes'] == ('cat', 'dog', 'pallas_cat')
    cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / 'work'), 1
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None

    runner = Runner.from_cfg(cfg)
    runner.train()
    report = runner.val_evaluator.metrics[0].report
    assert report.class_counts.tolist() == [8, 8, 4]
    assert set(report.means) == {'tail', 'total'}
    assert report.left_out == ['pallas_cat']
