"""How many epochs fit into a given time: a few steps are measured."""

from __future__ import annotations

import time
from copy import deepcopy
from itertools import cycle, islice

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

from mmlongtail.engine.quiet_runner import quiet_console
from mmlongtail.structures import ClassStatistics

STEPS, WARM = 4, 2
KEPT = 0.9  # of the time is planned with: a machine has other things to do
STARTING = 5  # seconds between the plan and the first step: processes, weights, the look at all images
MOST_EPOCHS = 200


def epochs_within(cfg: Config, seconds: float) -> tuple[int, str]:
    """Measure training and validation steps and see how many epochs fit.

    Args:
        cfg: A config whose number of epochs does not matter.
        seconds: For training, validations and all between.

    Returns:
        Epochs, at least one, and what was measured, in words.
    """
    step, val_step, steps, val_steps = measure(cfg)
    validation = val_steps * val_step
    left = KEPT * seconds - STARTING - 3 * validation  # it validates three times
    epoch = steps * step
    epochs = int(min(max(left // epoch, 1), MOST_EPOCHS))
    words = f'a step takes {step:.2f} s, an epoch {epoch:.0f} s, a validation {validation:.0f} s'
    return epochs, words + (
        '' if left >= epoch else ': the time is too short for one epoch, it has one all the same'
    )


def measure(cfg: Config) -> tuple[float, float, int, int]:
    """Seconds of a training and of a validation step, and how many of each an epoch has."""
    cfg = deepcopy(cfg)
    init_default_scope('mmpretrain')
    loaders = []
    for name in ('train_dataloader', 'val_dataloader'):
        cfg[name].update(num_workers=0, persistent_workers=False, collate_fn=dict(type='default_collate'))
        loaders.append(Runner.build_dataloader(cfg[name], seed=0))
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).to(get_device())
    ClassStatistics.from_dataset(loaders[0].dataset).hand_to(model.modules())
    with quiet_console():
        optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    step = _seconds(loaders[0], lambda batch: model.train().train_step(batch, optim_wrapper))
    val_step = _seconds(loaders[1], lambda batch: model.eval().val_step(batch))
    return step, val_step, len(loaders[0]), len(loaders[1])


def _seconds(loader, action) -> float:
    """Median time of a few steps, the reading of their images included."""
    times, batches = [], islice(cycle(loader), WARM + STEPS)
    began = time.perf_counter()
    for batch in batches:
        action(batch)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        times.append(now - began)
        began = now
    return float(torch.tensor(times[WARM:]).median())
