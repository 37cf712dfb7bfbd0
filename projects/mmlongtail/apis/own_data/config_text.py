"""A config as text that a person reads and edits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from .methods import METHODS
from .networks import Network
from .plan import Plan

WIDTH = 118
HOOKS = dict(
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    class_statistics=dict(type='ClassStatisticsHook'),
    dataset_epoch=dict(type='DatasetEpochHook'),
    finite_loss=dict(type='FiniteLossHook'),
    progress_bar=dict(type='ProgressBarHook'),
    channels_last=dict(type='ChannelsLastHook'),
)


@dataclass(frozen=True)
class Facts:
    """What a config says of the data, and where its files are.

    Args:
        header: Lines of comment.
        folder: Folder of the config and its lists.
        pictures: Folder that the lists are relative to.
        single_label: Whether each image has one label.
        num_classes: Number of classes.
        num_train: Training images.
        work_dir: Folder of logs and checkpoints.
        seed: Seed of the run.
    """

    header: tuple[str, ...]
    folder: Path
    pictures: Path
    single_label: bool
    num_classes: int
    num_train: int
    work_dir: Path
    seed: int = 0


def config_text(facts: Facts, method: str, network: Network, plan: Plan) -> str:
    """The whole config: data, network, schedule, hooks; it needs no other file than its lists.

    Paths beside the config are written as such, so that the folder may move.
    """
    chosen = METHODS[method]
    pipeline = dict(type='LoadImageFromFile'), dict(type='PackInputs')
    crop = dict(type='RandomResizedCrop', scale=plan.size, crop_ratio_range=(0.4, 1.0))
    parts = dict(
        custom_imports=dict(imports=['mmlongtail']),
        default_scope='mmpretrain',
        randomness=dict(seed=facts.seed),
        work_dir=_Raw(_place(facts.work_dir, facts.folder)),
        data_preprocessor=dict(
            num_classes=facts.num_classes, mean=network.mean, std=network.std, to_rgb=True
        ),
        model=chosen.model(network, facts.num_classes),
        train_pipeline=[pipeline[0], crop, dict(type='RandomFlip', prob=0.5), pipeline[1]],
        val_pipeline=[pipeline[0], dict(type='Resize', scale=(plan.size, plan.size)), pipeline[1]],
        dataset=dict(
            type='SingleLabelListFile' if facts.single_label else 'ListFileDataset',
            data_root=_Raw("'{{ fileDirname }}'"),
            data_prefix=_Raw(_place(facts.pictures, facts.folder)),
            classes='classes.txt',
            separator=',',
            label_separator='',
        ),
        **_loaders(facts, chosen, plan),
        **_schedule(facts, network, plan),
        default_hooks=HOOKS,
    )
    lines = [f'{name} = {render(value, room=len(name) + 3)}' for name, value in parts.items()]
    header = [f'# {line}' for paragraph in facts.header for line in wrap(paragraph, WIDTH - 2)]
    return '\n'.join([*header, *lines]) + '\n'


class _Raw(str):
    """Text that stands in the config as it is."""


def _place(path: Path, folder: Path) -> str:
    """A path as an expression: relative to the config where both lie in one folder."""
    relative = os.path.relpath(path, folder)
    if relative.count('..') > 1 or os.path.isabs(relative):
        return repr(str(path))
    return (
        repr('{{ fileDirname }}/' + relative.replace(os.sep, '/'))
        if relative != '.'
        else "'{{ fileDirname }}'"
    )


def _loaders(facts: Facts, chosen, plan: Plan) -> dict:
    samplers = dict(
        uniform=dict(type='UniformSampler'),
        rebalanced=dict(type='ClassAwareSampler', num_samples_cls=1, reduce='auto'),
    )
    train: _Raw | dict = _Raw("dict(dataset, ann_file='train.csv', pipeline=train_pipeline)")
    sampler = samplers['uniform']
    if not facts.single_label:
        streams = {name: samplers[name] for name in chosen.streams}
        sampler = dict(type='StreamSampler', streams=streams, epoch_length=facts.num_train)
        train = dict(type='DrawDataset', dataset=train)
    batch = plan.batch * len(chosen.streams)
    val = dict(
        batch_size=2 * plan.batch,
        num_workers=plan.workers,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=_Raw("dict(dataset, ann_file='val.csv', pipeline=val_pipeline, test_mode=True)"),
    )
    metric = 'LongTailSingleLabelMetric' if facts.single_label else 'LongTailMultiLabelMetric'
    return dict(
        train_dataloader=dict(batch_size=batch, num_workers=plan.workers, sampler=sampler, dataset=train),
        val_dataloader=val,
        val_evaluator=dict(type=metric, dump_per_class=True),
        **{'test_dataloader, test_evaluator': _Raw('val_dataloader, val_evaluator')},
    )


def _schedule(facts: Facts, network: Network, plan: Plan) -> dict:
    pretrained = network.weights != 'random weights'
    keys = dict(backbone=dict(lr_mult=0.1)) if pretrained else {}
    keys |= {'loss_module': dict(lr_mult=0.01, decay_mult=0)}  # else learned shifts alone bring a loss to 0
    iterations = -(-facts.num_train // plan.batch) * plan.epochs
    return dict(
        optim_wrapper=dict(
            optimizer=dict(type='AdamW', lr=plan.lr, weight_decay=0.05),
            paramwise_cfg=dict(custom_keys=keys),
            clip_grad=dict(max_norm=10),
        ),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=max(iterations // 10, 1)),
            dict(type='CosineAnnealingLR', T_max=plan.epochs, convert_to_iter_based=True),
        ],
        train_cfg=dict(
            type='ResumableEpochLoop', max_epochs=plan.epochs, val_interval=max(plan.epochs // 3, 1)
        ),
        **{'val_cfg = test_cfg': dict()},
    )


def render(value: Any, indent: int = 0, room: int = 0) -> str:
    """A value as Python, in the style of configs: ``dict(key=value)``, on one line where that fits.

    Args:
        value: Dicts, lists, tuples and plain values.
        indent: Spaces that its own lines begin with.
        room: Columns that what stands before and behind it takes.
    """
    flat = _flat(value)
    if not isinstance(value, (dict, list)) or not value or indent + room + len(flat) <= WIDTH:
        return flat
    if isinstance(value, dict):
        items = [f'{key}={render(child, indent + 4, len(key) + 3)}' for key, child in value.items()]
        first, last = 'dict(', ')'
    else:
        items, (first, last) = [render(child, indent + 4, 2) for child in value], '[]'
    return first + _filled(items, indent + 4, indent + room + len(first)) + last


def _filled(items: list[str], indent: int, used: int) -> str:
    """Items behind each other, in lines; one of several lines begins and ends its own.

    Args:
        items: What is written.
        indent: Spaces that lines begin with.
        used: Columns that are taken in the first line.
    """
    text, column = '', used
    for i, item in enumerate(items):
        begins = i > 0 and ('\n' in item or '\n' in items[i - 1] or column + len(item) + 2 > WIDTH)
        text += (',\n' + ' ' * indent if begins else ', ' * (i > 0)) + item
        column = (indent if begins else column + 2 * (i > 0)) + len(item)
    return text


def _flat(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isidentifier() for key in value):
            return '{' + ', '.join(f'{key!r}: {_flat(child)}' for key, child in value.items()) + '}'
        return f'dict({", ".join(f"{key}={_flat(child)}" for key, child in value.items())})'
    if isinstance(value, (list, tuple)):
        inside = ', '.join(map(_flat, value)) + ',' * (isinstance(value, tuple) and len(value) == 1)
        return f'({inside})' if isinstance(value, tuple) else f'[{inside}]'
    return repr(value)
