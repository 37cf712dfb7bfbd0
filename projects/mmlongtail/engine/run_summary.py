"""What a training is about to do, in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mmengine.dist import get_world_size

from mmlongtail.structures import MULTI_LABEL, ClassStatistics

FEW_ITERATIONS = 10  # per epoch, below which a recipe for a large set is doubtful


def summary(runner, statistics: ClassStatistics | None) -> str:
    """Images, classes and their groups, iterations, batch, device and log of a training that has not begun."""
    loader, device = runner.train_dataloader, next(runner.model.parameters()).device
    streams = len(getattr(loader.sampler, 'streams', ()))
    parts = f' of {streams} streams' if streams else ''
    ranks = f' on each of {get_world_size()} processes' if get_world_size() > 1 else ''
    return (
        f'{len(loader.dataset)} images{of_classes(runner, statistics)}, {len(loader)} iterations per epoch, '
        f'{runner.max_iters} in all, batch {loader.batch_size}{parts}{ranks}, device {device}, '
        f'log {runner.logger.log_file}'
    )


def of_classes(runner, statistics: ClassStatistics | None) -> str:
    """For instance `` of 20 classes (6 head, 6 medium, 8 tail)``, by the rule of the validation's metric."""
    if statistics is None:
        classes = getattr(runner.train_dataloader.dataset, 'metainfo', {}).get('classes')
        return f' of {len(classes)} classes' if classes else ''
    metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
    groups = next((metric.groups for metric in metrics if hasattr(metric, 'groups')), MULTI_LABEL)
    members = groups.members(statistics.class_counts)
    sizes = ', '.join(f'{len(members.get(name, ()))} {name}' for name in groups.names)
    return f' of {len(statistics.class_counts)} classes ({sizes})'


def small_set_warning(runner, model) -> str | None:
    """What to think of where an epoch is so short that the recipe may be one of a larger set."""
    loader = runner.train_dataloader
    if len(loader) >= FEW_ITERATIONS:
        return None
    mixed = getattr(getattr(model, 'data_preprocessor', None), 'batch_augments', None) is not None
    rates = {f'{rate:g}' for rates in lists(runner.optim_wrapper.get_lr()) for rate in rates}
    return (
        f'only {len(loader)} iterations per epoch and {runner.max_iters} in all, with batch {loader.batch_size}, '
        f'learning rate {"/".join(sorted(rates))}{" and mixup" if mixed else ""}: if these are of a recipe for a '
        'larger set, try a smaller batch and rate, pretrained weights and no mixup'
    )


def lists(values) -> Iterator:
    """The lists in a list or in a dict of lists, as MMEngine has them for one or several optimizers."""
    yield from values.values() if isinstance(values, Mapping) else [values or []]
