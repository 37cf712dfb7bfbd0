"""Progress as the modules of a real run get it, also of one that was killed within an epoch."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmlongtail.engine.hooks import TrainingProgressHook
from mmlongtail.models.losses import CumulativeLoss

BATCHES = 3
BY_EPOCH = dict(type='ResumableEpochLoop', max_epochs=5)


class Receiver(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = []

    def set_progress(self, epochs_done, max_epochs):
        self.calls.append((epochs_done, max_epochs))


class Model(BaseModel):
    """Whose loss is far down, as in a wrapped model."""

    def __init__(self, *parts):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.parts = nn.Sequential(nn.Sequential(*parts))

    def forward(self, inputs, mode='tensor'):
        return dict(loss=(self.weight * torch.stack(inputs)).mean())


class Killed(Exception):
    pass


class Killer(Hook):
    """Ends the run before its given iteration."""

    def __init__(self, iteration):
        self.iteration = iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            raise Killed


def run(work_dir, *parts, train_cfg=BY_EPOCH, hooks=(), resume=False):
    Runner(
        model=Model(*parts),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=[dict(inputs=torch.ones(()))] * BATCHES,
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=1,
        ),
        train_cfg=train_cfg,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=False)),
        custom_hooks=[TrainingProgressHook(), *hooks],
        default_scope='mmpretrain',
        experiment_name=f'progress_{work_dir.name}_{resume}',
        resume=resume,
    ).train()


def test_every_receiver_is_told_before_each_epoch(tmp_path):
    first, second = Receiver(), Receiver()
    run(tmp_path, first, nn.Linear(1, 1), nn.Sequential(second))
    assert first.calls == second.calls == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)]


def test_resumed_within_an_epoch(tmp_path):
    before, after = Receiver(), Receiver()
    with pytest.raises(Killed):
        run(tmp_path, before, hooks=[Killer(2 * BATCHES + 1)])
    run(tmp_path, after, resume=True)
    assert before.calls == [(0, 5), (1, 5), (2, 5)]
    assert after.calls == [(2, 5), (3, 5), (4, 5)]


def test_resumed_training_has_the_alpha_of_its_epoch(tmp_path):
    """Killed in the fourth of five epochs: 1 - (3 / 5)^2."""
    with pytest.raises(Killed):
        run(tmp_path, hooks=[Killer(3 * BATCHES + 1)])
    loss = CumulativeLoss(classification=dict(type='CrossEntropyLoss', use_sigmoid=True))
    with pytest.raises(Killed):
        run(tmp_path, loss, hooks=[Killer(3 * BATCHES + 2)], resume=True)
    assert loss.alpha == pytest.approx(0.64)


def test_a_loop_of_iterations_has_no_progress(tmp_path):
    by_iteration = dict(type='IterBasedTrainLoop', max_iters=2)
    run(tmp_path, nn.Linear(1, 1), train_cfg=by_iteration)  # nobody asks
    with pytest.raises(
        ValueError, match='train_cfg.type is .IterBasedTrainLoop., .*ResumableEpochLoop: Receiver'
    ):
        run(tmp_path, Receiver(), train_cfg=by_iteration)
