from types import SimpleNamespace

import pytest

from mmlongtail.engine.hooks import TransformProgressHook


class Noting:
    """A transform that notes what it is told."""

    def __init__(self):
        self.told = []

    def set_progress(self, progress):
        self.told.append(progress)


def runner_of(dataset, iter, max_iters):
    return SimpleNamespace(train_dataloader=SimpleNamespace(dataset=dataset), iter=iter, max_iters=max_iters)


def test_transforms_in_transforms_and_in_wrapped_data_sets_are_told():
    first, second, third = Noting(), Noting(), Noting()
    views = SimpleNamespace(transforms=[object(), second])
    inner = SimpleNamespace(pipeline=SimpleNamespace(transforms=[first, views]))
    other = SimpleNamespace(pipeline=SimpleNamespace(transforms=[third]))
    outer = SimpleNamespace(datasets=[SimpleNamespace(dataset=inner), other])
    for iter in (0, 3, 6):
        TransformProgressHook().before_train_epoch(runner_of(outer, iter, 12))
    assert first.told == second.told == third.told == [0, 0.25, 0.5]


def test_nobody_to_tell_is_an_error():
    dataset = SimpleNamespace(pipeline=SimpleNamespace(transforms=[object()]))
    with pytest.raises(ValueError, match='no transform with set_progress'):
        TransformProgressHook().before_train_epoch(runner_of(dataset, 0, 1))
