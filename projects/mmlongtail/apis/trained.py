"""A trained model out of its checkpoint alone: config, classes, their groups and thresholds travel inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmpretrain.registry import HOOKS, MODELS

from mmlongtail.analysis.trained_models import config_groups
from mmlongtail.engine.checkpoint_filling import (
    describe_unfilled,
    own_parts,
    training_parts,
    unfilled,
    without,
)
from mmlongtail.engine.hooks import ClassStatisticsHook
from mmlongtail.engine.run_parts import hook_configs
from mmlongtail.host_inference import deciding_head, is_multi_label
from mmlongtail.plain_config import literal_config
from mmlongtail.safe_loading import CONFIG_TEXTS, load_local_checkpoint
from mmlongtail.structures import MULTI_LABEL, SINGLE_LABEL, ClassStatistics, checks

THRESHOLDS = 'class_thresholds'  # key of a checkpoint: dict(values=[...], goal='F1', expert=None)
PREDICTING_HOOKS = (
    'LogitAdjustmentHook',
    'TauNormalizationHook',
)  # part of what a test of the config measures


@dataclass(frozen=True)
class TrainedModel:
    """A model that is ready to predict, with what the training knew of its classes.

    Args:
        cfg: Config of the training.
        model: The classifier in eval mode, on the CPU.
        classes: Names of the classes, (K,).
        groups: Name of each class's group, (K,), None where the class counts are unknown.
        multi_label: Whether an image may have any number of labels.
        thresholds: Scores from which a class counts as present, (K,) float32; None where the head takes its ``topk``.
        top_k: The head's number of labels of an image, where it decides so.
    """

    cfg: Config
    model: BaseModel
    classes: tuple[str, ...]
    groups: tuple[str | None, ...]
    multi_label: bool
    thresholds: np.ndarray | None = None
    top_k: int | None = None


def load_trained(
    checkpoint: str | Path,
    config: str | Path | Config | None = None,
    expert: int | None = None,
    allow_partial: bool = False,
) -> TrainedModel:
    """Build the model of a checkpoint and fill it; nothing in the file is run and nothing is downloaded.

    Args:
        checkpoint: File that a training left.
        config: Config of the training, a file to be trusted; None takes the one in the checkpoint, as data.
        expert: Index of the expert that predicts alone; None takes what the config says, in most cases all of them.
        allow_partial: Take a checkpoint that does not fill the model.

    Raises:
        OSError: If the file is missing or damaged.
        pickle.UnpicklingError: If it holds more than data.
        ValueError: If it has no config, does not fill the model, or there is no such expert.
    """
    content = load_local_checkpoint(checkpoint, map_location='cpu')
    if not isinstance(content, dict) or not isinstance(content.get('state_dict'), dict):
        raise ValueError(f'{checkpoint} has no state_dict: the checkpoint of a training is expected')
    cfg = config_in(content, checkpoint) if config is None else as_config(config)
    stored = content.get(ClassStatisticsHook.key)
    statistics = None if stored is None else ClassStatistics.from_dict(stored)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(model_config(cfg)).eval()
        choose_expert(model, expert)
        hooks = [HOOKS.build(hook) for hook in hook_configs(cfg) if hook['type'] in PREDICTING_HOOKS]
        fill(model, content['state_dict'], hooks, checkpoint, allow_partial)
        prepare(model, hooks, statistics)
        multi_label = is_multi_label(model.head)
        groups = class_group_names(cfg, statistics, multi_label)
    classes = class_names(content, statistics, model)
    decision = decide(model, content.get(THRESHOLDS), expert, len(classes)) if multi_label else {}
    return TrainedModel(cfg, model, classes, groups or (None,) * len(classes), multi_label, **decision)


def config_in(content: Mapping, checkpoint: str | Path) -> Config:
    """The config that a safely loaded checkpoint carries, read as data.

    Raises:
        ValueError: If it has none.
    """
    for *path, last in CONFIG_TEXTS:
        place: Any = content
        for key in path:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, dict) and isinstance(place.get(last), str):
            cfg = Config(literal_config(place[last]))
            if isinstance(cfg.get('model'), dict):
                return cfg
    raise ValueError(
        f'{checkpoint} has no config of a model that is data alone: name the config file of the training '
        '(config=FILE, --config FILE)'
    )


def as_config(config: str | Path | Config) -> Config:
    """A config, read if a file is named."""
    return config if isinstance(config, Config) else Config.fromfile(config)


def model_config(cfg: Config) -> dict:
    """The model's config with its data preprocessor and without whatever would fetch weights."""
    model = offline(cfg.to_dict()['model'])
    if not model.get('data_preprocessor'):
        model['data_preprocessor'] = cfg.to_dict().get('data_preprocessor')
    return model


def offline(node):
    """A nested config without pretrained weights, which the checkpoint replaces.

    Raises:
        ValueError: If it asks to run code from elsewhere.
    """
    if isinstance(node, (list, tuple)):
        return [offline(item) for item in node if not is_pretrained(item)]
    if not isinstance(node, dict):
        return node
    if node.get('trust_remote_code'):
        raise ValueError(
            "the model's config has trust_remote_code: such a model is not built from a checkpoint"
        )
    kept = {
        key: offline(value) for key, value in node.items() if not (key == 'init_cfg' and is_pretrained(value))
    }
    kept.pop('checkpoint_path', None)  # timm's
    if 'pretrained' in kept:
        kept['pretrained'] = False if isinstance(kept['pretrained'], bool) else None
    return kept


def is_pretrained(node) -> bool:
    """Whether it is the ``init_cfg`` that reads a file of weights."""
    return isinstance(node, dict) and node.get('type') == 'Pretrained' and 'checkpoint' in node


def choose_expert(model: BaseModel, expert: int | None) -> None:
    """Let one expert predict.

    Raises:
        ValueError: If the model does not have it.
    """
    if expert is None:
        return
    if not hasattr(model.head, 'predict_with'):
        raise ValueError(
            f'expert is {expert!r}, but {type(model.head).__name__} has no experts: leave it out'
        )
    model.head.predict_with = checks.choice('expert', expert, range(len(model.head.experts)))


def fill(model: BaseModel, state: Mapping, hooks: list, checkpoint: str | Path, allow_partial: bool) -> None:
    """Load the weights, all that predicts.

    Raises:
        ValueError: If some are missing or of another shape.
    """
    state = {name.removeprefix('module.'): value for name, value in state.items()}
    problems = unfilled(model, state)
    problems = without(problems, [*training_parts(model), *own_parts(model, hooks, training=False)])
    if problems and not allow_partial:
        raise ValueError(
            f'{checkpoint} does not fit the model: {describe_unfilled(problems)}; allow_partial=True or '
            '--allow-partial takes it as it is'
        )


def prepare(model: BaseModel, hooks: list, statistics: ClassStatistics | None) -> None:
    """Do for good what the config's hooks do to the model around a test."""
    if statistics is not None:
        statistics.hand_to([*model.modules(), *hooks])
    for hook in hooks:
        hook.before_test(SimpleNamespace(model=model))
        hook.before_test_iter(SimpleNamespace(model=model), 0)


def class_group_names(cfg: Config, statistics: ClassStatistics | None, multi_label: bool) -> tuple[str, ...]:
    """The name of each class's group as the config's test metric has it; nothing without class counts."""
    if statistics is None:
        return ()
    groups = config_groups(cfg, MULTI_LABEL if multi_label else SINGLE_LABEL)
    return tuple(groups.names[group] for group in groups.assign(statistics.class_counts))


def class_names(content: Mapping, statistics: ClassStatistics | None, model: BaseModel) -> tuple[str, ...]:
    """Names from the training's statistics or data set, else the indices.

    Raises:
        ValueError: If there are other than the model has classes.
    """
    meta = (content.get('meta') or {}).get('dataset_meta') or {}
    names = (statistics.classes if statistics else ()) or meta.get('classes') or ()
    number = getattr(deciding_head(model.head), 'num_classes', None) or len(names)
    if names and len(names) != number:
        raise ValueError(f'the checkpoint names {len(names)} classes, its model has {number}')
    return tuple(map(str, names or range(number)))


def decide(model: BaseModel, tuned: Mapping | None, expert: int | None, num_classes: int) -> dict:
    """Thresholds (K,): tuned ones, if they are of the same expert or ensemble, else the head's; or its ``topk``.

    Raises:
        ValueError: If tuned thresholds are of other classes.
    """
    if tuned is not None and tuned.get('expert') == expert:
        values = checks.sequence(f'{THRESHOLDS}.values', tuned['values'], checks.number, length=num_classes)
        return dict(thresholds=np.array(values, np.float32))
    head = deciding_head(model.head, expert or 0)
    if (threshold := getattr(head, 'thr', None)) is None and getattr(head, 'topk', None):
        return dict(top_k=head.topk)
    return dict(thresholds=np.full(num_classes, 0.5 if threshold is None else threshold, np.float32))
