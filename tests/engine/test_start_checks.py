"""Each check names the field; what is right passes."""

import pytest
import torch
from mmengine.optim import ConstantLR, CosineAnnealingLR, LinearLR, MultiStepLR
from torch import nn
from torch.utils.data import DataLoader

from mmlongtail.engine.start_checks import (
    StartError,
    check_classes,
    check_epoch,
    check_same_classes,
    schedule_problems,
)


@pytest.mark.parametrize(
    ('images', 'batch', 'fits'), [(66, 64, True), (63, 64, False), (64, 64, True), (0, 4, False)]
)
def test_an_epoch_without_iteration(images, batch, fits):
    loader = DataLoader(range(images), batch_size=batch, drop_last=True)
    if fits:
        return check_epoch(loader)
    with pytest.raises(StartError, match=f'{images} draws .* batch_size={batch} and drop_last=True'):
        check_epoch(loader)


def model(head: int, preprocessor: int | None) -> nn.Module:
    net = nn.Module()
    net.data_preprocessor, net.head = nn.Module(), nn.Module()
    net.head.experts = nn.ModuleList([nn.Module(), nn.Module()])
    net.head.experts[1].num_classes, net.data_preprocessor.num_classes = head, preprocessor
    return net


def test_numbers_of_classes():
    classes = ['a', 'b', 'c']
    check_classes(model(3, 3), classes)
    check_classes(model(3, None), classes)
    check_classes(nn.Linear(2, 2), classes)
    with pytest.raises(StartError, match=r'model.head.experts.1.num_classes is 5, .* names 3 classes'):
        check_classes(model(5, 3), classes)
    with pytest.raises(StartError, match=r'model.data_preprocessor.num_classes is 2'):
        check_classes(model(3, 2), classes)


def test_class_lists():
    check_same_classes(('a', 'b'), ['a', 'b'], 'val')
    with pytest.raises(StartError, match='val has 1 classes, the training 2'):
        check_same_classes(['a', 'b'], ['a'], 'val')
    with pytest.raises(StartError, match="class 1 is 'c' in val, but 'b' in the training"):
        check_same_classes(['a', 'b'], ['a', 'c'], 'val')


@pytest.mark.parametrize(
    ('kind', 'settings', 'unfinished', 'unreached'),
    [
        (LinearLR, dict(start_factor=0.1, by_epoch=False, end=500), 1, 0),
        (LinearLR, dict(start_factor=0.1, by_epoch=False, end=112), 0, 0),
        (LinearLR, dict(start_factor=0.1, by_epoch=True, end=9), 1, 0),
        (LinearLR, dict(start_factor=1.0, end_factor=0.1, by_epoch=True, end=9), 0, 1),  # a decay
        (LinearLR, dict(start_factor=0.1, by_epoch=False), 1, 0),  # no end
        (ConstantLR, dict(factor=0.1, by_epoch=False, end=113), 1, 0),
        (CosineAnnealingLR, dict(T_max=20, by_epoch=True, end=20), 0, 1),
        (MultiStepLR, dict(milestones=[5, 8, 9], by_epoch=True), 0, 1),
        (MultiStepLR, dict(milestones=[5, 7], by_epoch=True), 0, 0),
    ],
)
def test_schedules(kind, settings, unfinished, unreached):
    """A run of 8 epochs and 112 iterations."""
    scheduler = kind(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1), **settings)
    found = schedule_problems([scheduler], 8, 112)
    assert tuple(map(len, found)) == (unfinished, unreached)
    assert all(f'param_scheduler.0 ({kind.__name__})' in problem for part in found for problem in part)


def test_late_milestones_are_named():
    scheduler = MultiStepLR(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1), [5, 8, 9])
    assert (
        'has milestones [8, 9], but the run ends after 8 epochs'
        in schedule_problems([scheduler], 8, 112)[1][0]
    )
