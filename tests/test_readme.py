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
def config(request, tmp_path):
    """One of the configs of docs/own_data.md, on pictures of one's own."""
    base, labels = request.param
    blocks = re.findall(r'```python\n(_base_ = .*?)```', (ROOT / 'docs/own_data.md').read_text(), re.DOTALL)
    [code] = [block for block in blocks if f"'./{Path(base).name}'" in block]
    code = code.replace(f"'./{Path(base).name}'", f"'{ROOT / 'configs' / base}'").replace(
        'data/mine', str(tmp_path / 'mine')
    )
    (tmp_path / 'mine/pictures').mkdir(parents=True)
    for part, rows in dict(train=labels, test=['cat', 'dog']).items():
        lines = []
        for i, label in enumerate(rows):
            cv2.imwrite(str(tmp_path / f'mine/pictures/{part}{i}.jpg'), np.full((40, 50, 3), 9 * i, np.uint8))
            lines.append(f'{part}{i}.jpg,{label}\n')
        (tmp_path / f'mine/{part}.csv').write_text(''.join(lines))
    (tmp_path / 'mine.py').write_text(code)
    return Config.fromfile(tmp_path / 'mine.py')


def shrink(cfg: Config, tmp_path: Path, resize: str, size) -> None:
    """Make it an epoch of a tiny network on tiny pictures."""
    cfg.model.backbone = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)
    cfg.model.head.in_channels = 32
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
        dataset = loader.dataset.get('dataset', loader.dataset)
        for transform in dataset.pipeline:
            if transform.type.endswith(resize):
                transform.scale = size
    cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / 'work'), 1
    cfg.default_hooks.start_check.allow_short = True
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None


@pytest.mark.parametrize(
    'config', [('collab/voc_lt.py', ['cat', 'dog', 'cat,dog', 'pallas_cat'] * 4)], indirect=True
)
def test_config_for_own_data_trains_and_tests(config, tmp_path):
    shrink(config, tmp_path, 'Resize', (32, 32))
    assert DATASETS.build(config.train_dataloader.dataset).metainfo['classes'] == ('cat', 'dog', 'pallas_cat')
    runner = Runner.from_cfg(config)
    runner.train()
    report = runner.val_evaluator.metrics[0].report
    assert report.class_counts.tolist() == [8, 8, 4]
    assert set(report.means) == {'tail', 'total'}
    assert report.left_out == ['pallas_cat']


@pytest.mark.parametrize(
    'config', [('gcl/imagenet_lt_stage1.py', ['cat'] * 8 + ['dog'] * 6 + ['pallas_cat'] * 2)], indirect=True
)
def test_config_for_own_single_label_data_trains_and_tests(config, tmp_path):
    shrink(config, tmp_path, 'ResizedCrop', 32)
    runner = Runner.from_cfg(config)
    runner.train()
    report = runner.val_evaluator.metrics[0].report
    assert report.class_counts.tolist() == [8, 6, 2]
    assert set(report.means) == {'few', 'total'}
    assert report.left_out == ['pallas_cat']
