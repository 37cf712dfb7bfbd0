"""A loss that is no number ends the run before a checkpoint has it, or its step is left out."""

import math

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmlongtail.engine.hooks import FiniteLossHook


class Model(BaseModel):
    """Its loss is that of one weight, but for the iterations that are given another factor."""

    def __init__(self, factors):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.factors, self.step = factors, 0

    def forward(self, inputs, data_samples=None, mode='loss'):
        self.step += 1
        factor = self.factors.get(self.step, 1.0)
        return dict(loss_cls=self.weight * 0.5, loss_consistency=self.weight * factor, top1=torch.tensor(0.5))


class Gradient(Hook):
    """Makes a gradient infinite behind a loss that is none, once the iteration is there."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 4:
            runner.model.weight.register_hook(lambda gradient: gradient / 0)


def train(tmp_path, factors, *hooks, skip=0):
    runner = Runner(
        model=Model(factors),
        work_dir=str(tmp_path),
        experiment_name=tmp_path.name,
        default_scope='mmpretrain',
        train_dataloader=dict(
            dataset=[dict(inputs=torch.zeros(1))] * 8,
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='AtomicCheckpointHook', by_epoch=False, interval=1)),
        custom_hooks=[FiniteLossHook(skip), *hooks],
        log_level='ERROR',
    )
    runner.train()
    return runner


def checkpoints(tmp_path):
    return sorted(path.name for path in tmp_path.glob('*.pth'))


@pytest.mark.parametrize('factor', [math.nan, math.inf, -math.inf])
def test_the_first_one_ends_the_run(tmp_path, factor):
    with pytest.raises(
        FloatingPointError, match=f'iteration 4 of 8: loss_consistency = {factor}, not finite. No checkpoint'
    ):
        train(tmp_path, {4: factor})
    assert checkpoints(tmp_path) == ['iter_2.pth', 'iter_3.pth']
    assert all(
        torch.load(tmp_path / name)['state_dict']['weight'].isfinite() for name in checkpoints(tmp_path)
    )


def test_steps_are_left_out_and_counted(tmp_path):
    runner = train(tmp_path, {3: math.nan, 6: math.inf}, skip=2)
    assert runner.model.weight.item() == pytest.approx(1 - 6 * 0.1 * 1.5)  # six steps of eight
    assert runner.message_hub.get_info('skipped_steps') == 2
    assert torch.load(tmp_path / 'iter_8.pth')['state_dict']['weight'] == runner.model.weight


def test_more_than_allowed_end_the_run(tmp_path):
    with pytest.raises(FloatingPointError, match='iteration 6 of 8.* after 1 steps left out'):
        train(tmp_path, {3: math.nan, 6: math.inf}, skip=1)
    assert checkpoints(tmp_path) == ['iter_4.pth', 'iter_5.pth']


def test_parameters_that_are_not_finite_are_not_kept(tmp_path):
    with pytest.raises(
        FloatingPointError, match='parameter weight is not finite, so no checkpoint is written'
    ):
        train(tmp_path, {}, Gradient())
    assert checkpoints(tmp_path) == ['iter_3.pth', 'iter_4.pth']


def test_finite_losses_leave_no_trace(tmp_path):
    with_hook = train(tmp_path / 'a', {}).model.weight
    assert with_hook.equal(train(tmp_path / 'b', {}, skip=3).model.weight)
    assert with_hook.item() == pytest.approx(1 - 8 * 0.1 * 1.5)


def test_skip_must_be_a_number_of_steps():
    with pytest.raises(ValueError, match='skip is -1, expected a whole number >= 0'):
        FiniteLossHook(-1)
