"""A run that cannot give what its config says ends before its first iteration, and says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook, Hook
from mmengine.optim import OptimWrapper
from mmpretrain.registry import HOOKS

from mmlongtail.datasets.draws import random_scope
from mmlongtail.structures import GROUP_NAMES, class_groups

from ..checkpoint_filling import describe_unfilled, own_parts, training_parts, unfilled, without
from ..start_checks import (
    StartError,
    check_best,
    check_classes,
    check_epoch,
    check_same_classes,
    predict_one,
    schedule_problems,
)
from .class_statistics_hook import ClassStatisticsHook
from .tau_normalization_hook import bare_model

FEW_ITERATIONS = 10  # per epoch, below which a recipe for a large set is doubtful


@HOOKS.register_module()
class StartCheckHook(Hook):
    """Check, before the first iteration, what would else fail in silence; then say in one line what will be done.

    A training must have iterations, a head and a data preprocessor of as many classes as its data set, the same classes
    in the validation, a network that can predict one of its pictures, a warm-up that ends, and a ``save_best`` that
    the validation gives; schedule steps after the end and recipes of large sets on a small one are warned of. A test
    must have the classes of the training. A checkpoint must fill the model: in a test all of what predicts, at the
    start of a training all but losses and what modules and hooks fill themselves, as their ``fills(training)`` says.

    Args:
        allow_partial: Take a checkpoint that does not fill the model, or that is of other classes.
        allow_short: Take a warm-up that the run does not finish, as in a trial of few iterations.

    Raises:
        StartError: As said above.
    """

    priority = 'VERY_LOW'  # after what other hooks hand out or exchange

    def __init__(self, allow_partial: bool = False, allow_short: bool = False) -> None:
        self.allow_partial, self.allow_short = allow_partial, allow_short

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """See whether the checkpoint fills the model."""
        training, model = isinstance(runner.optim_wrapper, OptimWrapper), bare_model(runner.model)
        state = checkpoint.get('state_dict', checkpoint)
        state = {name.removeprefix('module.'): value for name, value in state.items()}
        unneeded = [*training_parts(model), *own_parts(model, runner.hooks, training)]
        problems = without(unfilled(model, state), unneeded)
        if not problems:
            return
        source = runner.cfg.get('load_from') or 'the checkpoint'
        message = f'{source} does not fit the model: {describe_unfilled(problems)}'
        if not self.allow_partial:
            raise StartError(f'{message}; --allow-partial takes it as it is')
        runner.logger.warning(message)

    def before_train(self, runner) -> None:
        """Check the training."""
        loader, model = runner.train_dataloader, bare_model(runner.model)
        check_epoch(loader)
        classes = getattr(loader.dataset, 'metainfo', {}).get('classes')
        if classes:
            check_classes(model, classes)
        self._check_validation(runner, model, classes)
        self._check_schedule(runner)
        runner.logger.info(self._summary(runner, classes))
        self._warn_of_small_set(runner, model)

    def before_test(self, runner) -> None:
        """Check the classes of a test."""
        statistics = _statistics(runner)
        classes = getattr(runner.test_dataloader.dataset, 'metainfo', {}).get('classes')
        check_epoch(runner.test_dataloader, 'test_dataloader')
        if statistics and classes and not self.allow_partial:
            check_same_classes(statistics.classes, classes, 'test_dataloader.dataset')

    def _check_validation(self, runner, model, classes) -> None:
        wanted = [
            key for hook in runner.hooks if isinstance(hook, CheckpointHook) for key in hook.save_best or ()
        ]
        if runner.val_loop is None:
            if wanted:
                raise StartError(
                    f'default_hooks.checkpoint.save_best is {wanted}, but there is no validation'
                )
            return
        check_epoch(runner.val_dataloader, 'val_dataloader')
        dataset, metrics = runner.val_dataloader.dataset, runner.val_loop.evaluator.metrics
        if classes and (others := getattr(dataset, 'metainfo', {}).get('classes')):
            check_same_classes(classes, others, 'val_dataloader.dataset')
        with random_scope(0):
            samples = predict_one(model, dataset)
        if wanted and wanted != ['auto']:
            if statistics := _statistics(runner):
                statistics.hand_to(metrics)
            check_best(wanted, metrics, samples)

    def _check_schedule(self, runner) -> None:
        for schedulers in _lists(runner.param_schedulers):
            unfinished, unreached = schedule_problems(schedulers, runner.max_epochs, runner.max_iters)
            for problem in unfinished if self.allow_short else ():
                runner.logger.warning(problem)
            if unfinished and not self.allow_short:
                raise StartError(
                    f'{unfinished[0]}, so it would never have its learning rate: train longer, shorten the warm-up, '
                    'or for a trial --cfg-options default_hooks.start_check.allow_short=True'
                )
            for problem in unreached:
                runner.logger.warning(problem)

    def _summary(self, runner, classes) -> str:
        loader, device = runner.train_dataloader, next(runner.model.parameters()).device
        streams = len(getattr(loader.sampler, 'streams', ()))
        parts = f' of {streams} streams' if streams else ''
        ranks = f' on each of {get_world_size()} processes' if get_world_size() > 1 else ''
        return (
            f'{len(loader.dataset)} images{_of_classes(runner, classes)}, {len(loader)} iterations per epoch, '
            f'{runner.max_iters} in all, batch {loader.batch_size}{parts}{ranks}, '
            f'device {device}, log {runner.logger.log_file}'
        )

    def _warn_of_small_set(self, runner, model) -> None:
        loader = runner.train_dataloader
        if len(loader) >= FEW_ITERATIONS:
            return
        mixed = getattr(model.data_preprocessor, 'batch_augments', None) is not None
        rates = {f'{rate:g}' for rates in _lists(runner.optim_wrapper.get_lr()) for rate in rates}
        runner.logger.warning(
            f'only {len(loader)} iterations per epoch and {runner.max_iters} in all, with batch {loader.batch_size}, '
            f'learning rate {"/".join(sorted(rates))}{" and mixup" if mixed else ""}: if these are of a recipe for a '
            'larger set, try a smaller batch and rate, pretrained weights and no mixup'
        )


def _lists(values) -> Iterator:
    """The lists in a list or in a dict of lists, as MMEngine has them for one or several optimizers."""
    yield from values.values() if isinstance(values, Mapping) else [values or []]


def _statistics(runner):
    """The class counts of the training, where they are known."""
    hooks = (hook for hook in runner.hooks if isinstance(hook, ClassStatisticsHook))
    return next((hook.statistics for hook in hooks), None)


def _of_classes(runner, classes) -> str:
    """For instance `` of 20 classes (6 head, 6 medium, 8 tail)``, by the rule of the validation's metric."""
    if not classes:
        return ''
    statistics = _statistics(runner)
    if statistics is None:
        return f' of {len(classes)} classes'
    metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
    metric = next((metric for metric in metrics if hasattr(metric, 'group_rule')), None)
    rule, names = (metric.group_rule, metric.group_names) if metric else ({}, GROUP_NAMES)
    sizes = np.bincount(class_groups(statistics.class_counts, **rule), minlength=len(names))
    groups = ', '.join(f'{size} {name}' for size, name in zip(sizes, names))
    return f' of {len(classes)} classes ({groups})'
