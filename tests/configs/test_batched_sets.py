"""The data sets whose images are flipped and distorted in batches."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

SETS = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'


@pytest.mark.parametrize('name', ['voc_lt', 'coco_lt'])
def test_the_preprocessor_does_what_the_pipeline_leaves_out(name):
    cfg, plain = (Config.fromfile(SETS / f'{name}{end}.py') for end in ('_batched', ''))
    left_out = [step for step in plain.train_pipeline if step not in cfg.train_pipeline]
    assert [step.type for step in left_out] == ['RandomFlip', 'PhotoMetricDistortion']
    assert cfg.train_dataloader.dataset.dataset.pipeline == cfg.train_pipeline
    assert [f'Batch{step.type}' for step in left_out] == [one.type for one in cfg.data_preprocessor.augments]
    for step, batch in zip(left_out, cfg.data_preprocessor.augments):
        assert {k: v for k, v in step.items() if k != 'type'} == {
            k: v for k, v in batch.items() if k != 'type'
        }

    torch.manual_seed(0)
    preprocessor = MODELS.build(cfg.data_preprocessor)
    images = torch.randint(256, (16, 3, 8, 8)).byte()
    samples = [DataSample().set_gt_label([0, 3]) for _ in images]
    data = preprocessor(dict(inputs=list(images), data_samples=samples), training=True)
    inputs = data['inputs'] * torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    inputs += torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    unchanged = (inputs.flip(1) - images).abs().amax((1, 2, 3)) < 0.01
    assert inputs.min() > -0.01 and inputs.max() < 255.01 and not unchanged.all()
    assert all(sample.gt_label.tolist() == [0, 3] for sample in data['data_samples'])
