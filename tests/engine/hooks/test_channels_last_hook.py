"""NHWC weights: the same training up to rounding, and bit for bit the same when it is resumed."""

import multiprocessing
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.device import get_device
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.runner import Runner
from torch import nn

from mmlongtail.engine.hooks import ChannelsLastHook


class Net(BaseModel):
    """Two convolutions and a mean; notes the layout of what comes between them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3)
        self.layouts = set()

    def forward(self, images, mode):
        hidden = self.first(images)
        self.layouts.add(hidden.is_contiguous(memory_format=torch.channels_last))
        logits = self.second(hidden.relu()).mean((2, 3))
        return dict(loss=logits.square().mean()) if mode == 'loss' else [logits]


class NoMetric:
    """A metric is the least that an evaluator asks for."""

    dataset_meta = None
    prefix = 'none'
    collect_device = 'cpu'

    def process(self, *args, **kwargs): ...

    def evaluate(self, size):
        return dict(score=1.0)


def make_runner(work_dir, hook: bool, epochs: int = 2, resume: bool = False) -> Runner:
    torch.manual_seed(1)
    images = [dict(images=image) for image in torch.randn(8, 3, 9, 7)]
    loader = dict(
        dataset=images,
        batch_size=4,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )
    return Runner(
        model=Net(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9)),
        test_dataloader=loader,
        test_cfg=dict(),
        test_evaluator=NoMetric(),
        custom_hooks=[dict(type='mmpretrain.ChannelsLastHook')] if hook else [],
        resume=resume,
        experiment_name=work_dir.name + str(epochs),
        default_scope='mmpretrain',
    )


def weights(runner: Runner) -> torch.Tensor:
    return torch.cat([p.detach().cpu().contiguous().flatten() for p in runner.model.parameters()])


def test_training_is_the_same_up_to_rounding(tmp_path):
    plain, hooked = (
        make_runner(tmp_path / name, hook) for name, hook in (('plain', False), ('hooked', True))
    )
    start = weights(plain)
    plain.train()
    hooked.train()
    assert plain.model.layouts == {False}
    assert hooked.model.layouts == {True}
    assert (weights(plain) - start).abs().max() > 1e-3
    torch.testing.assert_close(weights(hooked), weights(plain), rtol=1e-4, atol=1e-5)


def test_testing_has_the_layout_too(tmp_path):
    runner = make_runner(tmp_path / 'test', hook=True)
    runner.test()
    assert runner.model.layouts == {True}


@pytest.mark.skipif(get_device() != 'cpu', reason='bit for bit on CPUs only')
def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path):
    whole = make_runner(tmp_path / 'whole', hook=True)
    whole.train()
    make_runner(tmp_path / 'parts', hook=True, epochs=1).train()
    resumed = make_runner(tmp_path / 'parts', hook=True, resume=True)
    resumed.train()
    assert resumed.epoch == 2
    assert torch.equal(weights(resumed), weights(whole))


def test_a_wrapped_model_keeps_its_layout():
    """DistributedDataParallel would give wrong gradients: ``tests/tools/test_train.py`` compares the weights."""
    model = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(model)
    model.module = Net()
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    assert model.module.first.weight.is_contiguous()


def train_strided():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 1, stride=2))
    ChannelsLastHook().before_train(SimpleNamespace(model=net))
    for _ in range(20):
        net(torch.randn(8, 3, 64, 64)).square().mean().backward()
    sys.exit(0 if net[0].weight.is_contiguous() else 'the layout is changed')


def test_a_convolution_that_breaks_torchs_memory_keeps_its_layout():
    """In a process of its own, because torch's kernels take it down where the layout is changed."""
    process = multiprocessing.get_context('fork').Process(target=train_strided)  # spares the imports
    process.start()
    process.join(timeout=60)
    assert process.exitcode == 0


@pytest.mark.parametrize(
    ('conv', 'changed'),
    [
        (nn.Conv2d(8, 16, 1, stride=2), False),
        (nn.Conv2d(16, 16, 1, stride=2), True),
        (nn.Conv2d(8, 16, 3, stride=2), True),
        (nn.Conv2d(8, 16, 1), True),
    ],
)
def test_other_convolutions_get_the_layout(conv, changed):
    model = nn.Sequential(nn.Conv2d(3, conv.in_channels, 3), conv)
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    assert model[0].weight.is_contiguous() is not changed
