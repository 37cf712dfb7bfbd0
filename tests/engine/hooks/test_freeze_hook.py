"""What is frozen stays the same bit for bit, in one process and in a wrapped model, and killed runs go on."""

import pytest
import torch
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import distributed

from mmlongtail.engine.hooks import FreezeHook


class Start(Hook):
    """Note the weights with which training begins, and which modules train in each iteration."""

    def __init__(self, stop_before=None):
        self.stop_before = stop_before
        self.modes = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.stop_before:
            raise InterruptedError
        if not self.modes:
            self.weights = copy(runner.model)
        training = {name for name, module in runner.model.named_modules() if module.training}
        self.modes.append(training)


def copy(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def differing(one, two):
    return {name for name in one if not torch.equal(one[name], two[name])}


def test_frozen_weights_and_statistics_stay_bit_for_bit(stage_runner, stage_one):
    runner = stage_runner('stage_two', [FreezeHook(), start := Start()], load_from=stage_one)
    runner.train()
    stored = torch.load(stage_one)['state_dict']
    assert not differing(start.weights, stored)
    assert differing(copy(runner.model), stored) == {'head.fc.weight', 'head.fc.bias'}
    assert len(start.modes) == 6
    for training in start.modes:  # also after the validation and the train() of a new epoch
        assert {name.split('.')[0] for name in training} == {'', 'head', 'data_preprocessor'}
    assert len(runner.optim_wrapper.optimizer.state) == 2
    assert all(parameter.grad is None for parameter in runner.model.backbone.parameters())


def test_without_the_hook_all_of_it_changes(stage_runner, stage_one):
    runner = stage_runner('stage_two', load_from=stage_one)
    runner.train()
    stored = torch.load(stage_one)['state_dict']
    assert differing(copy(runner.model), stored) == set(stored)


class FirstMaps(Hook):
    """Keep what the first batch norm gets in each training iteration."""

    def before_train(self, runner):
        norm = runner.model.backbone.bn1
        norm.register_forward_pre_hook(lambda module, x: self.maps.append(x[0]) if module.training else None)
        self.maps = []


def test_moving_statistics_are_those_of_the_new_draws(stage_runner, stage_one):
    hook = FreezeHook(moving_statistics=['backbone'])
    runner = stage_runner('stage_two', [hook, seen := FirstMaps()], load_from=stage_one)
    runner.train()
    stored = torch.load(stage_one)['state_dict']
    changed = differing(copy(runner.model), stored)
    statistics = {name for name in stored if 'running' in name or 'num_batches' in name}
    assert changed == statistics | {'head.fc.weight', 'head.fc.bias'}
    mean, variance = (stored[f'backbone.bn1.running_{name}'].double() for name in ('mean', 'var'))
    for maps in seen.maps:  # torch's momentum 0.1, the variance with Bessel's correction
        values = maps.detach().double().transpose(0, 1).flatten(1)  # (C, B H W)
        center = values.mean(1, keepdim=True)
        mean = 0.9 * mean + 0.1 * center[:, 0]
        variance = 0.9 * variance + 0.1 * (values - center).square().sum(1) / (values.shape[1] - 1)
    assert len(seen.maps) == 6
    norm = runner.model.backbone.bn1
    torch.testing.assert_close(norm.running_mean.double(), mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(norm.running_var.double(), variance, rtol=1e-5, atol=1e-6)


def test_statistics_of_a_part_move(stage_runner, stage_one):
    runner = stage_runner('part', [FreezeHook(moving_statistics=['backbone.layer1'])], load_from=stage_one)
    runner.train()
    changed = differing(copy(runner.model), torch.load(stage_one)['state_dict'])
    assert {name.split('.')[1] for name in changed} == {'layer1', 'fc'}


def test_some_modules_only(stage_runner, stage_one):
    hook = FreezeHook(['backbone.conv1', 'backbone.bn1', 'head'])
    runner = stage_runner('part', [hook], load_from=stage_one)
    runner.train()
    changed = differing(copy(runner.model), torch.load(stage_one)['state_dict'])
    assert changed and all(name.startswith('backbone.layer1') for name in changed)


@pytest.mark.parametrize('reinitialize', [['head'], ['head.fc'], []])
def test_reinitialize(stage_runner, stage_one, reinitialize):
    fresh = stage_runner('fresh', [first := Start()])
    fresh.train()
    stored = torch.load(stage_one)['state_dict']
    hooks = [FreezeHook(reinitialize=reinitialize), start := Start()]
    stage_runner('stage_two', hooks, load_from=stage_one).train()
    head = {'head.fc.weight', 'head.fc.bias'}
    assert differing(start.weights, stored) == (head if reinitialize else set())
    assert (not differing(start.weights, first.weights) & head) == bool(reinitialize)


def test_reinitialize_concerns_the_start_of_a_training_only(stage_runner, stage_one, tmp_path):
    """Neither a test nor a resumed run loses its classifier."""
    hook = dict(type='FreezeHook', reinitialize=['head'])
    whole = stage_runner('whole', [hook], load_from=stage_one)
    whole.train()
    with pytest.raises(InterruptedError):
        stage_runner('parts', [hook, Start(stop_before=4)], load_from=stage_one).train()
    resumed = stage_runner('parts', [hook], resume=True)
    resumed.train()
    assert not differing(copy(whole.model), copy(resumed.model))
    tested = stage_runner('test', [hook], load_from=str(tmp_path / 'whole' / 'epoch_2.pth'))
    tested.test()
    assert not differing(copy(whole.model), copy(tested.model))


@pytest.fixture
def process_group(monkeypatch):
    if get_device() != 'cpu':
        pytest.skip('a group of one process on the CPU')
    monkeypatch.setenv('LOCAL_RANK', '0')
    distributed.init_process_group('gloo', store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_a_wrapped_model_trains_alike(stage_runner, stage_one, process_group):
    """DistributedDataParallel refuses a second iteration if parameters that it waits for got no gradient."""
    plain = stage_runner('plain', [FreezeHook()], load_from=stage_one)
    plain.train()
    wrapper = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
    cfg = dict(model_wrapper_cfg=wrapper)
    wrapped = stage_runner('wrapped', [FreezeHook()], load_from=stage_one, launcher='pytorch', cfg=cfg)
    wrapped.train()
    assert is_model_wrapper(wrapped.model)
    torch.testing.assert_close(copy(wrapped.model.module), copy(plain.model))


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(modules='backbone'), "modules is 'backbone', expected a list"),
        (
            dict(modules=['spine']),
            r"modules is 'spine', expected the name of a module of the model, such as \['data_pre",
        ),
        (dict(modules=['backbone', 'neck', 'head']), 'expected to leave a parameter to train'),
        (dict(reinitialize=['tail']), "reinitialize is 'tail'"),
        (dict(moving_statistics='neck'), "moving_statistics is 'neck', expected a list"),
        (
            dict(moving_statistics=['neck']),
            r"moving_statistics is \('neck',\), expected modules with batch norm",
        ),
    ],
)
def test_bad_arguments(stage_runner, arguments, words):
    with pytest.raises(ValueError, match=words):
        stage_runner('bad', [FreezeHook(**arguments)]).train()


def test_a_neck_that_is_none_is_passed_over(stage_runner):
    runner = stage_runner('no_neck', [FreezeHook(), Start(stop_before=0)])
    runner.model.neck = None
    with pytest.raises(InterruptedError):
        runner.train()
