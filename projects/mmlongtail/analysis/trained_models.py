"""A trained model, and the groups of its classes, from a config and a checkpoint."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmpretrain.registry import METRICS, MODELS

from mmlongtail.evaluation.metrics import LongTailMetric
from mmlongtail.safe_loading import load_local_checkpoint
from mmlongtail.structures import MULTI_LABEL, ClassGroups


def read_config(path: str | Path, options: dict | None = None) -> Config:
    """The config, its types being those of MMPretrain."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    return cfg


def config_groups(cfg: Config, usual: ClassGroups = MULTI_LABEL) -> ClassGroups:
    """The groups of the config's test metric, also of one inside PerExpertMetric; the usual ones without any."""
    evaluator = cfg.get('test_evaluator') or []
    metrics = map(METRICS.build, evaluator if isinstance(evaluator, list) else [evaluator])
    inner = (getattr(metric, 'ensemble', metric) for metric in metrics)
    return next((metric.groups for metric in inner if isinstance(metric, LongTailMetric)), usual)


def load_weights(module: BaseModel, checkpoint: str | Path, prefix: str = '') -> BaseModel:
    """The module with a checkpoint's parameters, all of them; others that it has do not matter.

    Raises:
        ValueError: If the checkpoint has other shapes or lacks a parameter.
    """
    state = load_local_checkpoint(checkpoint, map_location='cpu', mmap=True)['state_dict']
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    try:
        missing = set(module.load_state_dict(own, strict=False).missing_keys)
    except RuntimeError as error:  # other shapes
        raise ValueError(f'{checkpoint} does not fit the config: {error}') from error
    lacking = [prefix + name for name, _ in module.named_parameters() if name in missing]
    if lacking:
        raise ValueError(f'{checkpoint} lacks {", ".join(lacking)}, which the config asks for')
    return module.eval()


def load_model(cfg: Config, checkpoint: str | Path) -> BaseModel:
    """The config's model with a checkpoint's parameters, in eval mode, on the CPU.

    Raises:
        ValueError: If the checkpoint does not fit the config.
    """
    if cfg.get('data_preprocessor'):
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return load_weights(MODELS.build(cfg.model), checkpoint)
