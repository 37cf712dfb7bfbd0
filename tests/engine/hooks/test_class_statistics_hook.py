from types import SimpleNamespace

import torch
from mmengine.hooks import Hook

from mmlongtail.engine.hooks import ClassStatisticsHook


class Receiver:
    def __init__(self, *args):
        super().__init__(*args)
        self.counts = None

    def set_class_statistics(self, statistics):
        self.counts = statistics.class_counts.tolist()


class Loss(Receiver, torch.nn.Module):
    pass


class OtherHook(Receiver, Hook):
    pass


class Labels:
    metainfo = dict(classes=('a', 'b'))

    def __init__(self, labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def get_cat_ids(self, i):
        return self.labels[i]


def make_runner(labels=(), iteration=0):
    warnings = []
    return SimpleNamespace(
        model=torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sequential(Loss())),
        hooks=[OtherHook(), Hook()],
        val_evaluator=SimpleNamespace(metrics=[Receiver(), object()]),
        test_evaluator=SimpleNamespace(metrics=[Receiver()]),
        train_dataloader=SimpleNamespace(dataset=Labels(labels)),
        iter=iteration,
        warnings=warnings,
        logger=SimpleNamespace(warning=warnings.append),
    )


def test_training_serves_modules_hooks_and_metrics():
    runner, hook = make_runner([[0], [0, 1], [0]]), ClassStatisticsHook()
    hook.before_train(runner)
    assert runner.model[1][0].counts == runner.hooks[0].counts == [3, 1]
    assert runner.val_evaluator.metrics[0].counts is None
    hook.before_val(runner)
    assert runner.val_evaluator.metrics[0].counts == [3, 1]


def test_testing_needs_the_checkpoint_alone(tmp_path):
    trained, checkpoint = ClassStatisticsHook(), {}
    trained.before_train(make_runner([[0], [0, 1], [0]]))
    trained.before_save_checkpoint(None, checkpoint)
    torch.save(checkpoint, tmp_path / 'a.pth')

    runner, hook = make_runner(), ClassStatisticsHook()
    hook.after_load_checkpoint(runner, torch.load(tmp_path / 'a.pth', weights_only=True))
    hook.before_test(runner)
    assert runner.test_evaluator.metrics[0].counts == runner.model[1][0].counts == [3, 1]


def test_nothing_known_leaves_everybody_alone():
    runner, hook, checkpoint = make_runner(), ClassStatisticsHook(), {}
    hook.after_load_checkpoint(runner, {})
    hook.before_test(runner)
    hook.before_save_checkpoint(runner, checkpoint)
    assert runner.test_evaluator.metrics[0].counts is None and checkpoint == {}


def test_resuming_on_another_train_set_is_said():
    checkpoint = {}
    first = ClassStatisticsHook()
    first.before_train(make_runner([[0], [1]]))
    first.before_save_checkpoint(None, checkpoint)
    for labels, iteration, expected in [([[0], [0]], 5, 1), ([[0], [1]], 5, 0), ([[0], [0]], 0, 0)]:
        runner, hook = make_runner(labels, iteration), ClassStatisticsHook()
        hook.after_load_checkpoint(runner, checkpoint)
        hook.before_train(runner)
        assert len(runner.warnings) == expected
