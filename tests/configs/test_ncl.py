"""NCL++ with copies from the data pipeline, and for several labels; the single-label methods' tests have the rest."""

from pathlib import Path

import numpy as np
import pytest
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
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    runner = Runner.from_cfg(cfg)
    seen = []
    hook = runner.model.head.register_forward_pre_hook(lambda _, args: seen.append(len(args[0][-1])))
    loss, keep = runner.model.head.loss, []
    runner.model.head.loss = lambda feats, samples: (
        keep.append([s.view for s in samples]) or loss(feats, samples)
    )
    runner.train()
    hook.remove()
    views = cfg.data_preprocessor.num_views
    assert keep == [[view for view in range(views) for _ in range(4)]] * 2
    assert seen == [2 * views * 4] * 2  # experts x copies x images
    scores = runner.test()
    assert scores['single/top1'] == pytest.approx((scores['expert0/top1'] + scores['expert1/top1']) / 2)
