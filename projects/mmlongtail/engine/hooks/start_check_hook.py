"""A run that cannot give what its config says ends before its first iteration, and says why."""

from __future__ import annotations

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.optim import BaseOptimWrapper
from mmpretrain.registry import HOOKS

from mmlongtail.datasets.draws import random_scope
from mmlongtail.datasets.picture_scan import check_pictures
from mmlongtail.structures import checks

from ..checkpoint_filling import describe_unfilled, own_parts, training_parts, unfilled, without
from ..run_parts import bare_model, loadable
from ..run_summary import lists, small_set_warning, summary
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


@HOOKS.register_module()
class StartCheckHook(Hook):
    """Check, before the first iteration, what would else fail in silence; then say in one line what will be done.

    A training must have iterations, a head and a data preprocessor of as many classes as its data set, the same classes
    in the validation, images that decode, a network that can predict one of them, a warm-up that ends, and a
    ``save_best`` that the validation gives; schedule steps after the end and recipes of large sets on a small one are
    warned of. A test must have the classes of the training. A checkpoint must fill the model: in a test all of what
    predicts, at the start of a training all but losses and what modules and hooks fill themselves, as their
    ``fills(training)`` says.

    Args:
        allow_partial: Take a checkpoint that does not fill the model, or that is of other classes.
        allow_short: Take a warm-up that the run does not finish, as in a trial of few iterations.
        scan: Decode all images first; what is found is kept in the work dir, in ``pictures.json``.

    Raises:
        StartError: As said above.
    """

    priority = 'VERY_LOW'  # after what other hooks hand out or exchange

    def __init__(self, allow_partial: bool = False, allow_short: bool = False, scan: bool = True) -> None:
        self.allow_partial = checks.flag('allow_partial', allow_partial)
        self.allow_short = checks.flag('allow_short', allow_short)
        self.scan = checks.flag('scan', scan)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """See whether the checkpoint fills the model."""
        training, model = isinstance(runner.optim_wrapper, BaseOptimWrapper), bare_model(runner.model)
        state = checkpoint.get('state_dict', checkpoint)
        state = {name.removeprefix('module.'): value for name, value in state.items()}
        unneeded = [*training_parts(model), *own_parts(model, runner.hooks, training)]
        problems = without(unfilled(loadable(runner.model), state), unneeded)
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
        if self.scan and is_main_process():
            self._check_pictures(runner)
        classes = getattr(loader.dataset, 'metainfo', {}).get('classes')
        if classes:
            check_classes(model, classes)
        self._check_validation(runner, classes)
        self._check_schedule(runner)
        runner.logger.info(summary(runner, _statistics(runner)))
        if warning := small_set_warning(runner, model):
            runner.logger.warning(warning)

    def before_test(self, runner) -> None:
        """Check the classes of a test."""
        statistics = _statistics(runner)
        classes = getattr(runner.test_dataloader.dataset, 'metainfo', {}).get('classes')
        check_epoch(runner.test_dataloader, 'test_dataloader')
        if statistics and classes and not self.allow_partial:
            check_same_classes(statistics.classes, classes, 'test_dataloader.dataset')

    @staticmethod
    def _check_pictures(runner) -> None:
        loaders = [runner.train_dataloader, *([runner.val_dataloader] if runner.val_loop else [])]
        for loader in loaders:
            try:
                check_pictures(loader.dataset, Path(runner.work_dir) / 'pictures.json')
            except ValueError as error:
                raise StartError(str(error)) from error

    def _check_validation(self, runner, classes) -> None:
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
            samples = predict_one(runner.model, dataset)
        if wanted and wanted != ['auto']:
            if statistics := _statistics(runner):
                statistics.hand_to(metrics)
            check_best(wanted, metrics, samples)

    def _check_schedule(self, runner) -> None:
        for schedulers in lists(runner.param_schedulers):
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


def _statistics(runner):
    """The class counts of the training, where they are known."""
    hooks = (hook for hook in runner.hooks if isinstance(hook, ClassStatisticsHook))
    return next((hook.statistics for hook in hooks), None)
