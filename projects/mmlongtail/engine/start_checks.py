"""What can be found out about a run before its first iteration; each check names the field to mend."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral

import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import get_world_size
from mmengine.optim.scheduler.param_scheduler import (
    INF,
    ConstantParamScheduler,
    LinearParamScheduler,
    MultiStepParamScheduler,
)
from torch import Tensor, nn

from mmlongtail.structures import MULTI_LABEL

from .run_parts import bare_model


class StartError(ValueError):
    """A run that would go on to a wrong result, or to none."""


def check_epoch(loader, name: str = 'train_dataloader') -> None:
    """Refuse a loader that gives no batch."""
    if len(loader):
        return
    sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
    ranks, dropped = get_world_size(), getattr(loader, 'drop_last', False)
    raise StartError(
        f'{name}: an epoch has no iteration: {len(sampler)} draws per process ({ranks} of them, '
        f'{len(loader.dataset)} images) with batch_size={loader.batch_size} and drop_last={dropped}: make the batch '
        f'smaller (--cfg-options {name}.batch_size={max(len(sampler) // 2, 1)})'
    )


def check_classes(model: nn.Module, classes: Sequence[str]) -> None:
    """Refuse a head or a data preprocessor of another number of classes than the data set's."""
    for part in ('data_preprocessor', 'head'):
        for name, module in getattr(model, part, nn.Module()).named_modules():
            number = getattr(module, 'num_classes', None)
            if isinstance(number, Integral) and number > 0 and number != len(classes):
                field = '.'.join(filter(None, ('model', part, name, 'num_classes')))
                raise StartError(f'{field} is {number}, but the train data set names {len(classes)} classes')


def check_same_classes(train: Sequence[str], test: Sequence[str], name: str) -> None:
    """Refuse class lists that differ, in order too: scores would be of other classes than their names say."""
    train, test = list(train), list(test)
    if train == test:
        return
    if len(train) != len(test):
        raise StartError(f'{name} has {len(test)} classes, the training {len(train)}')
    k = next(k for k in range(len(train)) if train[k] != test[k])
    raise StartError(f'class {k} is {test[k]!r} in {name}, but {train[k]!r} in the training')


def schedule_problems(schedulers: Sequence, max_epochs: int, max_iters: int) -> tuple[list[str], list[str]]:
    """What of a learning rate schedule cannot happen within the run.

    Returns:
        Warm-ups that the run does not finish, so that it never has the rate of its config; and later steps that
        it does not reach.
    """
    unfinished, unreached = [], []
    for i, scheduler in enumerate(schedulers):
        total, unit = (max_epochs, 'epochs') if scheduler.by_epoch else (max_iters, 'iterations')
        name = f'param_scheduler.{i} ({type(scheduler).__name__})'
        if is_warmup(scheduler) and scheduler.end > total:
            end = 'never' if scheduler.end == INF else f'after {scheduler.end} {unit}'
            shorter = f'--cfg-options param_scheduler.{i}.end={max(total // 10, 2)}'
            unfinished.append(
                f'{name} ends {end}, but the run after {total} {unit} ({shorter} makes it a tenth)'
            )
        elif total < scheduler.end < INF:
            unreached.append(f'{name} ends after {scheduler.end} {unit}, but the run after {total}')
        if isinstance(scheduler, MultiStepParamScheduler):
            late = sorted(step for step in scheduler.milestones if step >= total)
            unreached += [f'{name} has milestones {late}, but the run ends after {total} {unit}'] * bool(late)
    return unfinished, unreached


def is_warmup(scheduler) -> bool:
    """Whether a scheduler starts low, at the run's beginning, and rises."""
    if isinstance(scheduler, ConstantParamScheduler):
        return scheduler.begin == 0 and scheduler.factor < 1
    rises = isinstance(scheduler, LinearParamScheduler) and scheduler.start_factor < scheduler.end_factor
    return rises and scheduler.begin == 0


@torch.no_grad()
def predict_one(wrapped: nn.Module, dataset) -> list:
    """The prediction for the first image of a data set; the model, wrapped or not, stays as it was.

    Raises:
        StartError: If the parts of the model do not fit together.
    """
    model = bare_model(wrapped)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        return wrapped.val_step(pseudo_collate([dataset[0]]))
    except RuntimeError as error:
        fields = ', '.join(channel_fields(model)) or 'the parts'
        raise StartError(
            f'the model cannot predict an image: {error} ({fields} must be what comes before; '
            f'{feature_sizes(model, dataset)})'
        ) from error
    finally:
        for module, mode in modes.items():
            module.training = mode


def channel_fields(model: nn.Module) -> list[str]:
    """``in_channels`` of the modules of the head, as a config names them."""
    head = getattr(model, 'head', None) or nn.Module()
    found = {name: getattr(module, 'in_channels', None) for name, module in head.named_modules()}
    return [
        f'{".".join(filter(None, ("model.head", name, "in_channels")))}={value}'
        for name, value in found.items()
        if isinstance(value, (int, list, tuple))
    ]


def feature_sizes(model: nn.Module, dataset) -> str:
    """Shape of what the head gets of one image."""
    try:
        batch = model.data_preprocessor(pseudo_collate([dataset[0]]), False)
        feats = model.extract_feat(batch['inputs'])
    except RuntimeError:
        return 'backbone and neck do not fit either'
    if hasattr(model, 'num_branches'):
        feats = feats[-1][0][0]  # of the first branch's first view
    while not isinstance(feats, Tensor):
        feats = feats[-1]
    return f'backbone and neck give {feats.size(1)} channels'


def check_best(keys: Sequence[str], metrics: Sequence, samples: Sequence[dict]) -> None:
    """Refuse a metric for the best checkpoint that the evaluation will not give, by evaluating a prediction.

    Args:
        keys: What ``save_best`` names.
        metrics: Metrics of the validation; copies of them are used.
        samples: The prediction, as :func:`predict_one` gives it.
    """
    known, suffixes = [], []
    for metric in deepcopy(list(metrics)):
        metric.process(None, [sample.to_dict() for sample in samples])
        known += metric.evaluate(len(samples) * get_world_size())
        suffixes += getattr(getattr(metric, 'ensemble', metric), 'groups', MULTI_LABEL).names
    groups = [f'{key}_{group}' for key in known for group in suffixes]  # one image has no class of most
    if unknown := [key for key in keys if key not in (*known, *groups)]:
        raise StartError(
            f'default_hooks.checkpoint.save_best is {unknown[0]!r}, but the validation gives {", ".join(known)}'
        )
