"""A training of a second: 12 noise pictures of three classes, a network of four channels with batch norm."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

HEAD = dict(type='LinearClsHead', num_classes=3, in_channels=4)


@pytest.fixture
def pictures() -> list[dict]:
    """Images of 8 x 8 pixels, 6 of class 0, 4 of class 1, 2 of class 2."""
    noise = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (12, 3, 8, 8), generator=noise, dtype=torch.uint8)
    labels = [0] * 6 + [1] * 4 + [2] * 2
    return [
        dict(inputs=image, data_samples=DataSample().set_gt_label(label))
        for image, label in zip(images, labels)
    ]


@pytest.fixture
def stage_runner(tmp_path, pictures) -> Callable:
    """A Runner that differs from the others in its name, head, hooks and settings."""

    def build(name: str, hooks=(), head: dict = HEAD, **settings) -> Runner:
        loader = dict(batch_size=4, num_workers=0, collate_fn=dict(type='default_collate'), dataset=pictures)
        defaults = dict(
            train_dataloader=dict(loader, sampler=dict(type='DefaultSampler', shuffle=True)),
            val_dataloader=dict(loader, sampler=dict(type='DefaultSampler', shuffle=False)),
            test_dataloader=dict(loader, sampler=dict(type='DefaultSampler', shuffle=False)),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=0.1)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        )
        model = dict(
            type='ImageClassifier',
            backbone=dict(
                type='ResNet_CIFAR',
                depth=18,
                base_channels=4,
                stem_channels=4,
                num_stages=1,
                strides=(1,),
                dilations=(1,),
                out_indices=(0,),
            ),
            neck=dict(type='GlobalAveragePooling'),
            head=deepcopy(head),
            data_preprocessor=dict(mean=[128] * 3, std=[64] * 3),
        )
        return Runner(
            model=model,
            work_dir=str(tmp_path / name),
            experiment_name=f'{tmp_path.name}_{name}_{len(hooks)}_{settings.get("resume")}',
            default_scope='mmpretrain',
            custom_hooks=list(hooks),
            randomness=dict(seed=3),
            log_level='ERROR',
            val_evaluator=dict(type='Accuracy'),
            test_evaluator=dict(type='Accuracy'),
            val_cfg=dict(),
            test_cfg=dict(),
            **(defaults | settings),
        )

    return build


@pytest.fixture
def stage_one(stage_runner, tmp_path) -> str:
    """The checkpoint of a first stage."""
    stage_runner('stage_one', train_cfg=dict(by_epoch=True, max_epochs=1)).train()
    return str(tmp_path / 'stage_one' / 'epoch_1.pth')
