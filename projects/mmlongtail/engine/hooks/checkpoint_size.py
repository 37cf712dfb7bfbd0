"""How large a checkpoint will be, before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from mmengine.runner import Runner


def weight_bytes(runner: Runner) -> int:
    """Bytes of the model's parameters and buffers."""
    return sum(tensor.nbytes for tensor in runner.model.state_dict().values())


def optimizer_bytes(runner: Runner) -> int:
    """Bytes of the optimizer's state after its first step: two tensors a parameter for Adam's kind, one for SGD's."""
    groups = runner.optim_wrapper.param_groups
    if isinstance(groups, Mapping):  # several optimizers
        groups = chain(*groups.values())
    return sum(_copies(group) * sum(p.nbytes for p in group['params']) for group in groups)


def _copies(group: dict) -> int:
    return 2 if 'betas' in group else int(bool(group.get('momentum', 1)))
