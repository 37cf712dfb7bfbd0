"""How large a checkpoint will be, before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import torch
from mmengine.dist import all_reduce
from mmengine.runner import Runner
from torch.distributed.fsdp import FullyShardedDataParallel


def weight_bytes(runner: Runner) -> int:
    """Bytes of the model's parameters and buffers; of one that FSDP shards all processes must ask."""
    return _of_all_shards(runner, sum(tensor.nbytes for tensor in runner.model.state_dict().values()))


def optimizer_bytes(runner: Runner) -> int:
    """Bytes of the optimizer's state after its first step: two tensors a parameter for Adam's kind, one for SGD's."""
    groups = runner.optim_wrapper.param_groups
    if isinstance(groups, Mapping):  # several optimizers
        groups = chain(*groups.values())
    own = sum(_copies(group) * sum(p.nbytes for p in group['params']) for group in groups)
    return _of_all_shards(runner, own)


def _of_all_shards(runner: Runner, number: int) -> int:
    """The sum over processes, each of which holds a part of a model that FSDP shards."""
    total = torch.tensor(number)
    if isinstance(runner.model, FullyShardedDataParallel):
        total = total.to(next(runner.model.parameters()).device)
        all_reduce(total)
    return int(total)


def _copies(group: dict) -> int:
    return 2 if 'betas' in group else int(bool(group.get('momentum', 1)))
