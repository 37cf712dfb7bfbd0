"""Test-time augmentation: the views of an image whose scores are averaged, and what averages them."""

from __future__ import annotations

from copy import deepcopy

from mmengine.config import Config

from mmlongtail.engine.run_parts import hook_configs

FLIPS = [dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)]
AVERAGE = dict(type='AverageExpertScoreTTA')


def has_views(pipeline: list[dict]) -> bool:
    """Whether a pipeline makes several views of an image."""
    return any(transform['type'] == 'TestTimeAug' for transform in pipeline)


def tta_pipeline(cfg: Config, pipeline: list[dict]) -> list[dict]:
    """The config's ``tta_pipeline``; where it is missing, a pipeline that gives the image and its flip."""
    if 'tta_pipeline' in cfg:
        return cfg.tta_pipeline
    *before, pack = deepcopy(pipeline)
    return [*before, dict(type='TestTimeAug', transforms=[deepcopy(FLIPS), [pack]])]


def tta_model(cfg: Config) -> dict:
    """Config of what averages the views: ``tta_model``, that of the config's PrepareTTAHook, or the mean of scores."""
    hooks = [hook['tta_cfg'] for hook in hook_configs(cfg) if hook['type'] == 'PrepareTTAHook']
    return dict(cfg.get('tta_model') or next(iter(hooks), AVERAGE))
