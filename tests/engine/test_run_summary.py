"""The line at the start, by hand."""

from types import SimpleNamespace

import torch
from torch.utils.data import DataLoader

from mmlongtail.engine.run_summary import small_set_warning, summary
from mmlongtail.structures import ClassGroups, ClassStatistics

CLASSES = ('a', 'b', 'c', 'd')


def runner(images=40, batch=4, rates=(0.1,), val_loop=None):
    return SimpleNamespace(
        train_dataloader=DataLoader(range(images), batch_size=batch, drop_last=True),
        model=torch.nn.Linear(1, 1),
        max_iters=100,
        logger=SimpleNamespace(log_file='run.log'),
        val_loop=val_loop,
        optim_wrapper=SimpleNamespace(get_lr=lambda: dict(lr=list(rates))),
    )


def test_groups_are_those_of_the_counts():
    statistics = ClassStatistics([150, 60, 5, 3], num_images=200, classes=CLASSES)
    assert summary(runner(), statistics) == (
        '40 images of 4 classes (1 head, 1 medium, 2 tail), 10 iterations per epoch, 100 in all, batch 4, device cpu, '
        'log run.log'
    )


def test_the_metrics_rule_and_names_come_first():
    groups = ClassGroups((4, 100), head_inclusive=False, tail_inclusive=True, names=('many', 'medium', 'few'))
    metric = SimpleNamespace(groups=groups)
    loop = SimpleNamespace(evaluator=SimpleNamespace(metrics=[object(), metric]))
    statistics = ClassStatistics([100, 60, 5, 3], num_images=200, classes=CLASSES)
    assert '4 classes (0 many, 3 medium, 1 few)' in summary(runner(val_loop=loop), statistics)


def test_without_counts_it_names_no_groups():
    assert summary(runner(), None).startswith('40 images, 10 iterations')


def test_a_short_epoch_is_warned_of():
    model = torch.nn.Module()
    assert small_set_warning(runner(40), model) is None  # ten iterations
    warning = small_set_warning(runner(39, rates=(0.1, 0.01)), model)
    assert 'only 9 iterations per epoch and 100 in all, with batch 4, learning rate 0.01/0.1:' in warning
    model.data_preprocessor = SimpleNamespace(batch_augments=object())
    assert 'learning rate 0.1 and mixup:' in small_set_warning(runner(39), model)
